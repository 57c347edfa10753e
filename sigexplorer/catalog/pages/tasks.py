"""Pages of the signals of ``django.tasks``, which Django has from 6.0 on."""

from __future__ import annotations

from sigexplorer.catalog.page import Argument, Note, Page

_SENDER = "the class of the task backend, such as ImmediateBackend"

_TASK_RESULT = "the task with its arguments, id, status, times and errors"

_OTHER_BACKENDS = Note(
    "Every backend has to send the signals itself; Django's ImmediateBackend sends all three, DummyBackend"
    " only task_enqueued. Read the documentation of any other."
)

_WORKER = Note(
    "A backend with workers sends task_started and task_finished in the worker process: connect in ready(),"
    " which runs there too, and share nothing through module variables."
)

_SECRETS = Note(
    "task_result.args and kwargs are the caller's data, secrets included: log the id and the path."
)

TASK_ENQUEUED = Page(
    name="task_enqueued",
    module="django.tasks.signals",
    group="tasks",
    summary="a task was put into the queue",
    when=(
        "In enqueue() and aenqueue() of a backend, once the task is accepted: by ImmediateBackend before it"
        " runs the task, by DummyBackend after it stored it."
    ),
    sender=_SENDER,
    arguments=(Argument("task_result", "TaskResult", f"{_TASK_RESULT}; the status is READY"),),
    pitfalls=(
        _OTHER_BACKENDS,
        Note("An exception here comes out of enqueue(); ImmediateBackend then does not run the task at all."),
        Note(
            "ImmediateBackend changes this very object as the task goes on: a reference kept here says"
            " SUCCESSFUL or FAILED later. Copy what you keep."
        ),
        Note(
            "Inside a transaction Django's backends send it at once, whether or not the transaction commits:"
            " call enqueue() from transaction.on_commit()."
        ),
        _SECRETS,
    ),
    example="""\
import logging

from django.dispatch import receiver
from django.tasks.signals import task_enqueued

logger = logging.getLogger(__name__)


@receiver(task_enqueued, dispatch_uid="log-enqueued-task")
def log_enqueued_task(sender, task_result, **kwargs):
    # Not the arguments: they are the caller's, and may be secret.
    logger.info("queued %s as %s", task_result.task.module_path, task_result.id)
""",
    trigger="enqueues a task, which the immediate backend runs at once",
    related=("task_started", "task_finished"),
    sent_by=("django.tasks.backends.immediate", "django.tasks.backends.dummy"),
    scenarios=("task",),
    added=(6, 0),
)

TASK_STARTED = Page(
    name="task_started",
    module="django.tasks.signals",
    group="tasks",
    summary="a task is about to run",
    when="Just before a backend calls the function of the task.",
    sender=_SENDER,
    arguments=(Argument("task_result", "TaskResult", f"{_TASK_RESULT}; the status is RUNNING"),),
    pitfalls=(
        _OTHER_BACKENDS,
        _WORKER,
        Note(
            "With ImmediateBackend an exception here comes out of enqueue(), the task does not run and"
            " task_finished is not sent."
        ),
        _SECRETS,
    ),
    example="""\
import logging

from django.dispatch import receiver
from django.tasks.signals import task_started

logger = logging.getLogger(__name__)


@receiver(task_started, dispatch_uid="log-waiting-time")
def log_waiting_time(sender, task_result, **kwargs):
    waited = task_result.started_at - task_result.enqueued_at
    logger.info("%s waited %.3f s", task_result.id, waited.total_seconds())
""",
    trigger="enqueues a task, which the immediate backend runs at once",
    related=("task_enqueued", "task_finished"),
    sent_by=("django.tasks.backends.immediate",),
    scenarios=("task",),
    added=(6, 0),
)

TASK_FINISHED = Page(
    name="task_finished",
    module="django.tasks.signals",
    group="tasks",
    summary="a task has ended, well or not",
    when="Just after the function of the task returned or raised.",
    sender=_SENDER,
    arguments=(Argument("task_result", "TaskResult", f"{_TASK_RESULT}; the status is SUCCESSFUL or FAILED"),),
    pitfalls=(
        Note(
            "A failed task sends it too: look at the status. return_value raises ValueError then; the"
            " exception is in errors as text, and with ImmediateBackend also in sys.exc_info()."
        ),
        Note(
            "The exception of a task does not come out of enqueue(): without a receiver, or a look at the"
            " result, only the log of django.tasks tells."
        ),
        Note(
            "With ImmediateBackend an exception here comes out of enqueue(), although the task has run: the"
            " caller may think that it did not."
        ),
        Note("KeyboardInterrupt ends ImmediateBackend without it; SystemExit in a task counts as a failure."),
        _OTHER_BACKENDS,
        _WORKER,
        _SECRETS,
    ),
    example="""\
import logging

from django.dispatch import receiver
from django.tasks import TaskResultStatus
from django.tasks.signals import task_finished

logger = logging.getLogger(__name__)


@receiver(task_finished, dispatch_uid="report-failed-task")
def report_failed_task(sender, task_result, **kwargs):
    if task_result.status == TaskResultStatus.FAILED:
        kinds = ", ".join(error.exception_class_path for error in task_result.errors)
        logger.error("%s failed: %s", task_result.task.module_path, kinds)
""",
    trigger="enqueues a task, which the immediate backend runs at once",
    related=("task_enqueued", "task_started", "got_request_exception"),
    sent_by=("django.tasks.backends.immediate",),
    scenarios=("task",),
    added=(6, 0),
)
