"""Make Django send the signals of tasks (from Django 6.0)."""

from __future__ import annotations

from blog import tasks
from sigexplorer.playground.steps import Steps


def enqueue(step: Steps) -> None:
    """Enqueue a task; the immediate backend runs it at once."""
    with step("enqueue a task"):
        tasks.count_words.enqueue("three small words")
