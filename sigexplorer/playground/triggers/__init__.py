"""One function for each built-in signal that makes Django itself send it.

None of them calls ``send()``. Each takes ``step`` as scenarios do: what it does before the
step is preparation.
"""

from __future__ import annotations

#: Short name of the signal to ``module:function`` in this package; imported when it is run.
TRIGGERS: dict[str, str] = {
    "user_logged_in": "auth:log_in",
    "user_logged_out": "auth:log_out",
    "user_login_failed": "auth:fail_to_log_in",
    "pre_init": "models:build_an_instance",
    "post_init": "models:build_an_instance",
    "pre_save": "models:save_a_post",
    "post_save": "models:save_a_post",
    "pre_delete": "models:delete_a_post",
    "post_delete": "models:delete_a_post",
    "m2m_changed": "models:tag_a_post",
    "class_prepared": "models:define_a_model",
    "pre_migrate": "database:migrate",
    "post_migrate": "database:migrate",
    "request_started": "requests:ask_for_a_page",
    "request_finished": "requests:ask_for_a_page",
    "got_request_exception": "requests:ask_for_a_broken_page",
    "setting_changed": "testing:override_a_setting",
    "template_rendered": "testing:render_a_template",
    "connection_created": "database:connect",
    "task_enqueued": "tasks:enqueue",
    "task_started": "tasks:enqueue",
    "task_finished": "tasks:enqueue",
    "autoreload_started": "autoreload:watch_a_file",
    "file_changed": "autoreload:watch_a_file",
}
