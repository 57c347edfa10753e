"""Tasks (from Django 6.0)."""

from __future__ import annotations

from blog import tasks
from sigexplorer.playground.steps import Steps


def task(step: Steps) -> None:
    """Enqueue a task that works and one that fails, on the backend that runs them at once."""
    life = ["task_enqueued", "task_started", "task_finished"]

    with step("enqueue a task"):
        result = tasks.count_words.enqueue("three small words")
    step.claim("it is enqueued, started and finished", step.names(), life)
    step.claim("it returned its answer", result.return_value, 3)
    states = [dispatch.argument("task_result") for dispatch in step.sent()]
    expected = [
        f"<TaskResult blog.tasks.count_words {state}>" for state in ("READY", "RUNNING", "SUCCESSFUL")
    ]
    step.claim("task_result tells its state each time", states, expected)

    with step("enqueue a task that fails"):
        failed = tasks.average_rating.enqueue()
    step.claim("its life is the same", step.names(), life)
    last = step.sent("task_finished")[0].argument("task_result")
    step.claim("it ends as failed", last, "<TaskResult blog.tasks.average_rating FAILED>")
    step.claim(
        "and its error does not reach the caller",
        [str(error.exception_class_path) for error in failed.errors],
        ["statistics.StatisticsError"],
    )


def task_backends(step: Steps) -> None:
    """Enqueue tasks on the backend that runs none, and on the one that runs them at once."""
    from django.tasks.backends.dummy import DummyBackend  # there from Django 6.0 on

    backend = DummyBackend("dummy", {})
    with step("enqueue a task on the dummy backend"):
        backend.enqueue(tasks.count_words, ["three small words"], {})
    step.claim("it is enqueued, and nothing else", step.names(), ["task_enqueued"], fact="tasks")

    life = ["task_enqueued", "task_started", "task_finished"]
    with step("enqueue it on the immediate backend"):
        done = tasks.count_words.enqueue("three small words")
    step.claim("it is enqueued, started and finished", step.names(), life, fact="tasks")
    step.claim("and done before enqueue() returns", str(done.status), "SUCCESSFUL", fact="tasks")

    with step("enqueue one that fails on the immediate backend"):
        failed = tasks.average_rating.enqueue()
    step.claim("its life is the same", step.names(), life, fact="tasks")
    step.claim("as failed, without an exception for the caller", str(failed.status), "FAILED", fact="tasks")
