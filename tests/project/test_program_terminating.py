"""What is done before SIGTERM ends a process, and that the process does not see it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sigexplorer.project.children import State
from sigexplorer.project.program.terminating import BeforeTerminated
from sigexplorer.project.tracing import Tracing
from sigexplorer.spool import presence

TERM = signal.SIGTERM
FUNCTIONS = signal.signal, signal.getsignal

Acts = tuple[BeforeTerminated, list[str]]


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Acts]:
    """Return what acts before the signal, which is not there yet, and what is noted of it."""
    noted: list[str] = []
    monkeypatch.setattr(
        os, "kill", lambda process, number: noted.append(f"{process == os.getpid()} {number}")
    )
    before = signal.signal(TERM, signal.SIG_DFL)
    made = BeforeTerminated(lambda: noted.append("acted"))
    yield made, noted
    made.end()
    assert (signal.signal, signal.getsignal) == FUNCTIONS
    signal.signal(TERM, before)


def test_it_acts_and_ends_as_the_system_would(acts: Acts) -> None:
    """The act comes first, then the signal again, with nobody to handle it."""
    made, noted = acts
    made.begin()
    signal.raise_signal(TERM)
    assert noted == ["acted", f"True {TERM:d}"]
    made.end()
    assert signal.getsignal(TERM) is signal.SIG_DFL


def test_what_is_put_off_comes_when_all_is_done(acts: Acts) -> None:
    """One that comes within, or after, what put it off inside of another is heard at the end, and once."""
    made, noted = acts
    made.begin()
    with made.put_off():
        with made.put_off():
            signal.raise_signal(TERM)
        signal.raise_signal(TERM)
        assert noted == []
    assert noted == [f"True {TERM:d}"]


def test_the_program_has_the_handlers_that_it_has_given(acts: Acts) -> None:
    """To the program nobody handles the signal but its own handler, which is called and not ours."""
    made, noted = acts

    def own(*_: object) -> None:
        noted.append("own")

    made.begin()
    assert signal.getsignal(TERM) is signal.SIG_DFL
    assert signal.signal(TERM, own) is signal.SIG_DFL
    signal.raise_signal(TERM)
    assert signal.signal(TERM, signal.SIG_IGN) is own
    signal.raise_signal(TERM)
    assert noted == ["own"]
    assert signal.signal(TERM, 0) is signal.SIG_IGN
    signal.raise_signal(TERM)
    assert noted == ["own", "acted", f"True {TERM:d}"]


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_what_is_handled_already_is_left_alone(acts: Acts, handler: signal.Handlers) -> None:
    """Where somebody handles or ignores the signal before the program begins, that stays so."""
    made, noted = acts
    signal.signal(TERM, handler)
    made.begin()
    signal.raise_signal(TERM)
    assert noted == []
    assert signal.getsignal(TERM) is handler


def test_errors_are_those_of_the_module(acts: Acts) -> None:
    """Whatever is wrong with the arguments is said as ever."""
    made, _ = acts
    made.begin()
    with pytest.raises(TypeError):
        signal.signal(TERM, "x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="signal number"):
        signal.getsignal(999)


def test_a_worker_of_a_pool_has_more_to_tell_in_each_task(tmp_path: Path) -> None:
    """One that is terminated between two tasks has told all; in a task, also a later one, it has not."""
    tasks: list[Any] = ["first", "second", None]
    told: list[bool] = []

    def note(*_: object) -> Any:
        told.append(bool(list(tmp_path.iterdir())))
        return tasks[0]

    def work(inqueue: Any, outqueue: Any) -> None:
        while (task := inqueue.get()) is not None:
            note()
            outqueue.put(task)
            tasks.pop(0)

    pool = SimpleNamespace(worker=work)
    presence.enter(tmp_path)
    Tracing(State(str(tmp_path)))._note_before_answers(pool)
    pool.worker(SimpleNamespace(get=note), SimpleNamespace(put=note))
    waits, works, answers = False, True, False
    assert told == [waits, works, answers, waits, works, answers, waits]
