"""What becomes of Ctrl-C and its like while something has to be removed in the end."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from sigexplorer.playground.ending import in_order, undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDING = [signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Begin and end with the handlers that were there."""
    numbers = (signal.SIGINT, *ENDING)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    assert {number: signal.getsignal(number) for number in numbers} == before


def test_ctrl_c_waits_until_it_is_done() -> None:
    """What must not be disturbed is done first, all of it; the interrupt comes after it."""
    done = []

    def work() -> None:
        with undisturbed():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            done.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["all of it"]


def test_an_error_is_not_hidden_by_a_signal() -> None:
    """An error inside goes on its way."""
    with pytest.raises(ValueError, match="broken"), undisturbed():
        raise ValueError("broken")


@pytest.mark.parametrize("number", ENDING)
def test_the_end_of_the_process_is_put_off(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGTERM and SIGHUP interrupt what is inside, and end the process once that is in order, and told."""
    happened: list[object] = []
    send = signal.raise_signal

    def work() -> None:
        with in_order():
            try:
                send(number)
            finally:
                happened.append("put in order")

    monkeypatch.setattr(signal, "raise_signal", lambda again: happened.append(("ended by", again)))
    with pytest.raises(KeyboardInterrupt):
        work()
    assert happened == ["put in order", ("ended by", number)]
    assert capsys.readouterr().err == f"sigexplorer: ended by {signal.Signals(number).name}\n"


def test_who_ignores_a_signal_goes_on_ignoring_it() -> None:
    """Under nohup a hangup is no reason to end."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with in_order(), undisturbed():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_leave_signals_alone() -> None:
    """Only the main thread may say what becomes of signals; in others nothing changes or fails."""
    entered = []

    def work() -> None:
        with in_order(), undisturbed():
            entered.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered == [signal.getsignal(signal.SIGTERM)]
