"""Where our report goes, whatever a traced program has made of its standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from sigexplorer.cli import surroundings as module
from sigexplorer.cli.beside import say
from sigexplorer.cli.surroundings import Surroundings
from sigexplorer.cli.tracing import Session, _report_as_it_began
from sigexplorer.cli.wanted import Wanted
from sigexplorer.project.tracing import Tracing


def nothing() -> None:
    """Do nothing."""


def close() -> None:
    """Close the standard error."""
    os.close(2)


def open_data() -> None:
    """Open a file that gets the number of the standard error."""
    os.close(2)
    assert os.open("data", os.O_CREAT | os.O_WRONLY) == 2


def put_a_log() -> None:
    """Let a log take the place of the standard error."""
    os.dup2(log := os.open("data", os.O_CREAT | os.O_WRONLY), 2)
    os.close(log)


def put_an_object() -> None:
    """Let an object that does little stand for it."""
    sys.__stderr__ = SimpleNamespace(write=print, flush=print)  # type: ignore[misc, assignment]


def take_away() -> None:
    """Let nothing stand for it."""
    del sys.__stderr__  # type: ignore[misc]


@pytest.fixture
def standing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put the standard error back, and return what has become of a file that a program writes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "__stderr__", sys.__stderr__)
    monkeypatch.setattr(module.os, "register_at_fork", lambda **_: None)
    kept = os.dup(2)
    yield tmp_path / "data"
    os.dup2(kept, 2)
    os.close(kept)


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("done", [nothing, close, open_data, put_a_log, put_an_object, take_away])
def test_we_write_where_the_errors_went(
    standing: Path, capfd: pytest.CaptureFixture[str], done: Callable[[], None], *, live: bool
) -> None:
    """Report and live lines go where the standard error was as the program began, into no file of its own."""
    surroundings = Surroundings()
    done()
    if live:
        surroundings.write("sigexplorer: here\n")
    else:
        with surroundings.again():
            say("here")
    surroundings._close()
    assert capfd.readouterr() == ("", "sigexplorer: here\n")
    assert not standing.exists() or standing.read_text() == ""


@pytest.mark.parametrize("keep", [True, False])
def test_what_is_out_of_reach_is_not_made_up_for(
    standing: Path, capfd: pytest.CaptureFixture[str], *, keep: bool
) -> None:
    """Where the program has closed also what was kept, nothing is written anywhere."""
    surroundings = Surroundings(keep=keep)
    surroundings._close()
    open_data()
    with surroundings.again():
        say("here")
    surroundings.write("here")
    assert capfd.readouterr() == ("", "")
    assert standing.read_text() == ""


def test_a_report_that_cannot_begin_is_said_to_have_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A fault before the report, in what is put back for it, is told as one of the report is."""
    session, surroundings = Session(Wanted(), ("x.py",), tmp_path), Surroundings()

    def refused() -> None:
        raise RuntimeError("out of reach")

    monkeypatch.setattr(surroundings, "again", refused)
    _report_as_it_began(surroundings, session, Tracing(session.state), flush=True, hear=print)
    surroundings._close()
    assert capfd.readouterr().err.startswith("sigexplorer: the report failed: RuntimeError: out of reach; ")
