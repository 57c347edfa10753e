"""A Django whose dispatch is not known: its own methods run, and the trace says what it cannot know."""

from __future__ import annotations

import functools
import inspect
import linecache
from typing import Any

import pytest
from capturing import (
    METHODS,
    asynchronous,
    calls,
    connect,
    hook_points,
    observing,
    outcome,
    parents,
    raising,
    returning,
    seen,
    send,
    strangers,
)
from django.dispatch import Signal, dispatcher

from sigexplorer.capture import (
    dispatch,
)

each_method = pytest.mark.parametrize("method", METHODS)


def test_a_known_django_needs_no_note() -> None:
    """The trace of a Django whose dispatch we know has no note: afterwards, meanwhile, and beside another."""
    with observing() as outer:
        meanwhile = outer.trace().run.notes
        with observing() as inner:
            pass
        beside = inner.trace().run.notes
    assert (meanwhile, beside, outer.trace().run.notes, inner.trace().run.notes) == ((), (), (), ())


@pytest.fixture
def _unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Play a Django whose four methods are not those that we render."""
    monkeypatch.setattr(dispatch, "KNOWN_SOURCES", dict.fromkeys(dispatch.KNOWN_SOURCES, ("",) * 4))


@pytest.mark.usefixtures("_unknown")
@each_method
def test_an_unknown_django_is_wrapped(method: str) -> None:
    """Django's own loops run, with the same responses and errors, and the trace says what it cannot know."""
    first, second = returning("first", 1), asynchronous(returning("second", 2))
    failing = raising("failing", ValueError, "no")

    def story() -> list[object]:
        signal = Signal()
        unheard = send(signal, method, None, name="unheard")
        connect(signal, second, first)
        heard = send(signal, method, None, name="heard")
        connect(signal, failing)
        return [unheard, heard, outcome(lambda: send(signal, method, None, name="failing"))]

    unobserved = story()
    with observing() as tracer:
        assert story() == unobserved
    trace = tracer.trace()
    assert trace.run.notes[0].startswith(f"not Django's as known: Signal.{', '.join(METHODS)}; ")
    records = {dispatch.argument("name"): dispatch for dispatch in trace.dispatches}
    assert calls(records["unheard"]) == []
    assert calls(records["heard"]) == [("first", "returned"), ("second", "returned")]
    assert [call.result for call in records["heard"].calls] == [1, 2]
    assert records["failing"].failed
    if not method.endswith("robust"):
        assert records["failing"].error == "ValueError: no"


@pytest.mark.usefixtures("_unknown")
@pytest.mark.parametrize("method", METHODS[:2])
def test_nesting_on_an_unknown_django(method: str) -> None:
    """Sync dispatches still know the dispatch they were sent in."""
    outer, inner = Signal(), Signal()

    def receiver(**_named: object) -> None:
        inner.send(None, name="inner")

    connect(outer, receiver)
    with observing() as tracer:
        getattr(outer, method)(None, name="outer")
        getattr(outer, method)(None, name="again")
    assert [dispatch.parent for dispatch in tracer.trace().dispatches] == [None, 1, None, 3]


@pytest.mark.usefixtures("_unknown")
def test_an_unknown_django_is_put_back_too() -> None:
    """The wrappers go as the loops do."""
    before = hook_points()
    with observing():
        assert "Signal.send" in strangers()
    assert all(hook_points()[place] is found for place, found in before.items())


def _recursive(method: str, **sent: object) -> Any:
    """Make a signal of which a receiver sends the same one again."""
    signal = Signal()

    def receiver(name: str, **_named: object) -> str:
        if name == "outer":
            getattr(signal, method)(None, name="inner", **sent)
        return name

    def after(name: str, **_named: object) -> str:
        return name

    connect(signal, receiver, after, weak=False)
    return lambda: send(signal, method, None, name="outer")


def _patched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Play a program that has replaced a method of Signal before anybody observes."""
    found = Signal.send

    @functools.wraps(found)
    def send(self: Signal, sender: object, **named: Any) -> object:
        return found(self, sender, **named)

    monkeypatch.setattr(Signal, "send", send)


def _changed(monkeypatch: pytest.MonkeyPatch, *changes: tuple[str, str]) -> None:
    """Play a Django whose ``send`` is written otherwise."""
    source = f"class Signal:\n{inspect.getsource(Signal.send)}"
    for before, after in changes or [("return responses", "return list(responses)")]:
        assert before in source
        source = source.replace(before, after)
    file = "changed_django.py"
    monkeypatch.setitem(linecache.cache, file, (len(source), None, source.splitlines(keepends=True), file))
    made: dict[str, Any] = {}
    exec(compile(source, file, "exec"), vars(dispatcher), made)  # noqa: S102 - it is Django's
    monkeypatch.setattr(Signal, "send", made["Signal"].send)


@pytest.mark.parametrize("change", [_patched, _changed])
def test_a_signal_that_is_sent_again_by_its_receiver(change: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a method that is not Django's as we know it both dispatches are told, the inner one in the outer."""
    change(monkeypatch)
    trace = seen(_recursive("send"))
    assert list(parents(trace)) == ["outer", "inner"]
    assert parents(trace)["inner"][0] == "outer"
    for one in trace.dispatches:
        assert calls(one) == [("receiver", "returned"), ("after", "returned")]
        assert [call.result for call in one.calls] == [one.argument("name")] * 2


def test_only_the_method_that_is_not_known_is_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others have the times of their receivers, and the note says which one has not."""
    _patched(monkeypatch)
    with observing() as tracer:
        _recursive("send_robust")()
        _recursive("send")()
    trace = tracer.trace()
    times = {(one.method, call.duration_ns is None) for one in trace.dispatches for call in one.calls}
    assert times == {("send_robust", False), ("send", True)}
    (note,) = trace.run.notes
    assert note == "not Django's as known: Signal.send; receivers have no times of their own there"


def test_a_method_that_only_reads_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """With annotations or comments of its own it is Django's as known, and receivers have their times."""
    _changed(
        monkeypatch,
        ("responses = []", "responses: list = []  # pairs"),
        ("self, sender, **", "self, sender: object, **"),
    )
    trace = seen(_recursive("send"))
    assert all(call.duration_ns is not None for one in trace.dispatches for call in one.calls)
    assert parents(trace)["inner"] == ("outer", 0)
    assert trace.run.notes == ()
