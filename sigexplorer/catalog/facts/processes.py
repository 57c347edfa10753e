"""Facts about connections, tasks and the autoreloader."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact

FACTS = (
    Fact(
        id="connection-created",
        statement=(
            "connection_created is sent on the first use of an alias in a thread, and again after"
            " close(), which does nothing for SQLite in memory"
        ),
        why=("Connections open late and belong to a thread; closing a database in memory would lose it."),
        scenario="connections",
        source=(
            "django/db/backends/base/base.py: BaseDatabaseWrapper.connect",
            "django/db/backends/sqlite3/base.py: DatabaseWrapper.close",
        ),
        signals=("connection_created",),
    ),
    Fact(
        id="connection-created-pool",
        statement="A receiver of connection_created can run SQL, and does not open another connection",
        why="The connection is set before the signal is sent.",
        scenario="connections",
        source=("django/db/backends/base/base.py: BaseDatabaseWrapper.connect",),
        signals=("connection_created",),
    ),
    Fact(
        id="tasks",
        statement=(
            "The immediate backend sends task_enqueued, task_started and task_finished, also for a"
            " task that fails; the dummy backend sends task_enqueued only"
        ),
        why="A failure is a status of the result, and no exception for the caller.",
        scenario="task-backends",
        source=(
            "django/tasks/backends/immediate.py: ImmediateBackend._execute_task",
            "django/tasks/backends/dummy.py: DummyBackend._store_result",
        ),
        signals=("task_enqueued", "task_started", "task_finished"),
        added=(6, 0),
    ),
    Fact(
        id="file-changed",
        statement=(
            "Where no receiver of file_changed returns something true, the process ends with 3, and the"
            " reloader around it starts it anew"
        ),
        why="A receiver that has dealt with the file says so by its response.",
        scenario="autoreload",
        source=(
            "django/utils/autoreload.py: BaseReloader.notify_file_changed",
            "django/utils/autoreload.py: trigger_reload",
            "django/utils/autoreload.py: restart_with_reloader",
        ),
        signals=("file_changed",),
    ),
)
