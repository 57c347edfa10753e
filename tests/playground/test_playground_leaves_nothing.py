"""What stays in a process, and on a disk, after triggers and scenarios have run: nothing."""

from __future__ import annotations

import gc
import os
import signal as system
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from stories import STORIES, Story, play, played

from sigexplorer.catalog import PAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sigexplorer.playground.boot import Playground

ROOT = Path(__file__).resolve().parents[2]

each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)


@cache
def _signals() -> dict[str, Any]:
    """Return by path every signal of Django and of the project."""
    from sigexplorer.capture import signals
    from sigexplorer.capture.listening import built_in

    found = {page.path: built_in(page) for page in PAGES} | dict(signals.custom())
    return {path: signal for path, signal in found.items() if signal is not None}


def _registrations() -> dict[str, list[object]]:
    """Return by path of a signal its live receivers, in order."""
    from sigexplorer.capture.registry import registrations

    return {
        path: [one.receiver for one in registrations(signal) if one.receiver is not None]
        for path, signal in _signals().items()
    }


def _settings() -> dict[str, Any]:
    return {name: held for name, held in vars(_holder()).items() if name.isupper()}


def _methods() -> dict[tuple[str, str], object]:
    """Return the methods of those classes of Django's that have, or had, methods replaced."""
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper
    from django.db.models import QuerySet
    from django.db.models.deletion import Collector
    from django.db.models.sql.subqueries import UpdateQuery
    from django.dispatch import Signal
    from django.template.base import Template
    from django.utils.autoreload import StatReloader

    classes = (
        BaseDatabaseWrapper,
        Collector,
        CursorWrapper,
        QuerySet,
        Signal,
        StatReloader,
        Template,
        UpdateQuery,
    )
    return {
        (cls.__name__, name): held for cls in classes for name, held in vars(cls).items() if callable(held)
    }


def _language() -> str:
    from django.utils import translation

    return translation.get_language()


def _holder() -> object:
    from django.conf import settings

    return vars(settings)["_wrapped"]


def _models() -> set[type]:
    from django.apps import apps

    return set(apps.get_models(include_auto_created=True))


def _open_files() -> int:
    descriptors = Path("/proc/self/fd")
    return len(list(descriptors.iterdir())) if descriptors.is_dir() else 0


_PATIENCE = 10.0  # seconds for a thread that was told to end


def _new_threads(before: set[threading.Thread]) -> set[str]:
    """Return the names of the threads that came and stay; those that are about to end are waited for."""
    new = set(threading.enumerate()) - before
    for thread in new:
        thread.join(_PATIENCE)
    return {thread.name for thread in new if thread.is_alive()}


class _Process:
    """What a process was like before a story ran in it."""

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())
        self._before = {name: look() for name, look in PLACES.items()}

    def check(self) -> None:
        """Fail where anything is different now."""
        from django.apps import apps

        # Models of migrations, which a cache of Django's holds, and the idle threads of asgiref are
        # there until they are collected. An executor that is collected tells its threads to end, and
        # does not wait for them.
        if any(look() != self._before[name] for name, look in PLACES.items()) or (
            set(threading.enumerate()) - self._threads
        ):
            apps.get_models.cache_clear()
            gc.collect()
        assert _new_threads(self._threads) == set(), "threads"
        for name, look in PLACES.items():
            assert look() == self._before[name], name


#: Everything else that a story could leave behind, each as something that can be compared.
PLACES: dict[str, Callable[[], object]] = {
    "settings": _settings,
    "settings object": _holder,
    "methods": _methods,
    "registrations": _registrations,
    "language": _language,
    "models": _models,
    "open files": _open_files,
    "environment": lambda: dict(os.environ),
    "working folder": Path.cwd,
    "import path": lambda: list(sys.path),
    "signal handlers": lambda: {
        number: system.getsignal(number) for number in (system.SIGINT, system.SIGTERM)
    },
    "exception hooks": lambda: (sys.excepthook, threading.excepthook),
    "trace functions": lambda: (sys.gettrace(), sys.getprofile()),
}


#: What must be the same even if a story runs for the first time, which imports modules of Django's.
LASTING = (
    "settings",
    "settings object",
    "methods",
    "language",
    "models",
    "environment",
    "working folder",
    "import path",
    "signal handlers",
    "exception hooks",
)

#: Prints what the first run of each story leaves behind.
FIRST_TIME = """
from test_playground_leaves_nothing import LASTING, PLACES
from stories import STORIES, play
from sigexplorer.playground import runs
with runs.open_playground(listen=True):
    pass
before = {name: PLACES[name]() for name in LASTING}
for story in STORIES:
    play(story)
    changed = [name for name in LASTING if PLACES[name]() != before[name]]
    print(f"left behind by {story.title}: {changed}" if changed else "", end="")
"""


@pytest.fixture(scope="module")
def _settled(playground: Playground) -> Iterator[None]:
    """Have the project set up, and imported what stories import the first time they run."""
    assert playground.listener.connected is False
    for story in STORIES:
        played(story)
    gc.collect()
    gc.freeze()  # what is there by now is to stay: only what a story makes is looked through for garbage
    yield
    gc.unfreeze()


@each_story
@pytest.mark.parametrize("listen", [True, False], ids=["listening", "watching"])
@pytest.mark.usefixtures("_settled")
def test_claims_hold_and_nothing_is_left(story: Story, listen: bool) -> None:  # noqa: FBT001 - a parameter
    """Listening or only watching, which the trace says, every claim holds; all is as it was before."""
    before = _Process()
    trace = play(story, listen=listen)
    before.check()
    assert [claim for claim in trace.claims if not claim.held] == []
    assert trace.claims
    assert trace.held
    assert trace.run.listened == listen
    assert trace.run.complete
    assert trace.run.dropped == 0


def test_a_thread_that_goes_on_is_told_from_one_that_is_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that still runs after a story is one that was left; one that only has to end is not."""
    told, before = threading.Event(), set(threading.enumerate())
    idle = ThreadPoolExecutor(max_workers=1, thread_name_prefix="idle")
    busy = threading.Thread(target=told.wait, name="busy")
    idle.submit(int).result()
    busy.start()
    try:
        monkeypatch.setattr(f"{__name__}._PATIENCE", 0.01)
        assert _new_threads(before) == {"idle_0", "busy"}
        monkeypatch.undo()
        told.set()
        idle.shutdown(wait=False)
        assert _new_threads(before) == set()
    finally:
        told.set()


def _run_elsewhere(*arguments: str, folder: Path) -> None:
    """Run a program of ours, which says nothing of things left behind, and leaves its folders empty."""
    folders = {name: folder / name for name in ("temporary", "working", "home")}
    for one in folders.values():
        one.mkdir()
    environment = {name: held for name, held in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"} | {
        "TMPDIR": str(folders["temporary"]),
        "HOME": str(folders["home"]),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, *arguments],
        cwd=folders["working"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "left behind" not in done.stdout
    assert [file for one in folders.values() for file in one.rglob("*")] == []


def test_nothing_is_left_by_the_first_run(tmp_path: Path) -> None:
    """Nor by the first run in a process, but modules that Django imported; and nothing on the disk."""
    _run_elsewhere("-c", FIRST_TIME, folder=tmp_path)


@pytest.mark.usefixtures("_settled")
def test_no_receiver_of_ours_stays() -> None:
    """While it is open the playground listens to every built-in signal; shut, to none."""
    from sigexplorer.capture.listening import tracing_receiver
    from sigexplorer.playground import runs

    with runs.open_playground(listen=True):
        listening = {path for path, found in _registrations().items() if tracing_receiver in found}
        assert listening == {page.path for page in PAGES} & set(_signals())
    assert not any(tracing_receiver in found for found in _registrations().values())


def test_a_run_that_is_interrupted_leaves_nothing(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle of a step puts back what a run that ends puts back."""
    from sigexplorer.playground.scenarios import saving

    def interrupted(step: Any) -> None:
        with step("the only step"):
            raise KeyboardInterrupt

    assert not playground.listener.connected
    before = _Process()
    monkeypatch.setattr(saving, "save_user", interrupted)
    trace = play(next(story for story in STORIES if story.name == "save-user"))
    assert not trace.run.complete
    before.check()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["trigger", "scenario"])
def test_nothing_is_left_on_the_disk(command: str, tmp_path: Path) -> None:
    """After --all the temporary folder, the working folder and the home folder are empty."""
    _run_elsewhere("-m", "sigexplorer", command, "--all", "--verbose", folder=tmp_path)


def test_the_autoreloader_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose change is never seen costs a bounded number of looks and a failed claim, not a hang."""
    from sigexplorer.playground.triggers import autoreload

    monkeypatch.setattr(autoreload.os, "utime", lambda *_arguments: None)
    monkeypatch.setattr(autoreload.BoundedReloader, "SLEEP_TIME", 0)
    trace = play(next(story for story in STORIES if story.name == "file_changed"))
    assert [claim.held for claim in trace.claims] == [False]
    assert [dispatch.name for dispatch in trace.dispatches] == ["autoreload_started"]
