"""Pages of the signals of the autoreloader, which Django does not document."""

from __future__ import annotations

from sigexplorer.catalog.page import Argument, Note, Page

_SENDER = "the reloader, an instance of StatReloader or WatchmanReloader"

_UNDOCUMENTED = Note(
    "Django does not document it: it may change in any release without notice. Its own users are templates"
    " and translations."
)

_RUNSERVER_ONLY = Note(
    "Only a process under the autoreloader sends it, such as the child process of runserver: not with"
    " --noreload, not under a production server."
)

_RAISES = Note("An exception here ends the reloader, and runserver with it.")

AUTORELOAD_STARTED = Page(
    name="autoreload_started",
    module="django.utils.autoreload",
    group="autoreload",
    summary="the autoreloader is about to watch files",
    when=(
        "In BaseReloader.run(), once the apps are ready and the URLconf was imported, before the first look"
        " at the files; again after each restart, in a new process."
    ),
    sender=_SENDER,
    arguments=(),
    pitfalls=(
        _UNDOCUMENTED,
        _RUNSERVER_ONLY,
        Note(
            "The receiver's use is to call sender.watch_dir(path, glob): Python modules are watched anyway,"
            " all other files only so."
        ),
        Note(
            "The reloader runs in the main thread, the project in another: do not touch what is not"
            " thread-safe."
        ),
        _RAISES,
    ),
    example="""\
from pathlib import Path

from django.dispatch import receiver
from django.utils.autoreload import autoreload_started

TEXTS = Path(__file__).resolve().parent / "texts"


@receiver(autoreload_started, dispatch_uid="watch-texts")
def watch_texts(sender, **kwargs):
    # From now on a change of one of these files restarts runserver.
    sender.watch_dir(TEXTS, "**/*.txt")
""",
    trigger="runs the autoreloader on a temporary file that changes",
    related=("file_changed", "request_started"),
    sent_by=("django.utils.autoreload",),
    documented=False,
)

FILE_CHANGED = Page(
    name="file_changed",
    module="django.utils.autoreload",
    group="autoreload",
    summary="a watched file has changed",
    when="In BaseReloader.notify_file_changed(), for each watched file found to have changed.",
    sender=_SENDER,
    arguments=(Argument("file_path", "Path", "the file that changed"),),
    pitfalls=(
        Note(
            "The return value counts, as with no other signal of Django: if any receiver returns something"
            " true, the change is dealt with; if none does, the process exits with 3 and runserver restarts"
            " it."
        ),
        Note(
            "A receiver that returns something true for every file turns reloading off: return None by"
            " default."
        ),
        Note("Every receiver is called, also after one has returned true."),
        _UNDOCUMENTED,
        _RUNSERVER_ONLY,
        Note("Only watched files are noticed: Python modules, and what was given to watch_dir()."),
        _RAISES,
    ),
    example="""\
from functools import cache
from pathlib import Path

from django.dispatch import receiver
from django.utils.autoreload import autoreload_started, file_changed

WORDS = Path(__file__).resolve().parent / "words.txt"


@cache
def words():
    return WORDS.read_text(encoding="utf-8").split()


@receiver(autoreload_started, dispatch_uid="watch-words")
def watch_words(sender, **kwargs):
    sender.watch_dir(WORDS.parent, WORDS.name)


@receiver(file_changed, dispatch_uid="reread-words")
def reread_words(sender, file_path, **kwargs):
    if file_path != WORDS:
        return None  # not ours: let Django restart
    words.cache_clear()
    return True  # dealt with: no restart
""",
    trigger="runs the autoreloader on a temporary file that changes",
    related=("autoreload_started", "request_started"),
    sent_by=("django.utils.autoreload",),
    documented=False,
)
