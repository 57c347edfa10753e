"""A Django whose dispatch is not known: its own methods run, and the trace says what it cannot know."""

from __future__ import annotations

import pytest
from capturing import (
    METHODS,
    asynchronous,
    calls,
    connect,
    hook_points,
    observing,
    outcome,
    raising,
    returning,
    send,
    strangers,
)
from django.dispatch import Signal

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
    unknown = {family: dict.fromkeys(methods, "") for family, methods in dispatch.KNOWN_SOURCES.items()}
    monkeypatch.setattr(dispatch, "KNOWN_SOURCES", unknown)


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
    assert len(trace.run.notes) == 1
    assert "not known" in trace.run.notes[0]
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
