"""Signals of classes that send in their own way are observed too, each dispatch once."""

from __future__ import annotations

from typing import Any

import pytest
from capturing import METHODS, calls, connect, observing, only, parents, returning, send
from django.dispatch import Signal

from sigexplorer.capture import rewriting, sources
from sigexplorer.model import CHOOSES


class Plugin(Signal):
    """Sends to those receivers that it likes, by itself: what pretix does."""

    def send(self, sender: object, **named: Any) -> list[tuple[Any, Any]]:
        """Call each live receiver, in the order of its name."""
        found = sorted(self._live_receivers(sender)[0], key=lambda receiver: receiver.__qualname__)
        return [(receiver, receiver(signal=self, sender=sender, **named)) for receiver in found]


class Polite(Signal):
    """Adds an argument and leaves the rest to Django."""

    def send(self, sender: object, **named: Any) -> list[tuple[Any, Any]]:
        """Send."""
        return super().send(sender, polite=True, **named)

    async def asend(self, sender: object, **named: Any) -> list[tuple[Any, Any]]:
        """Send."""
        return await super().asend(sender, polite=True, **named)


class Choosy(Signal):
    """Leaves some receivers out."""

    closed = False

    def _live_receivers(self, sender: object) -> tuple[list[Any], list[Any]]:
        sync, asynchronous = super()._live_receivers(sender)
        return ([], []) if self.closed else (sync, asynchronous)


def test_a_send_without_super_is_seen_once() -> None:
    """The wrapper tells of the dispatch, its receivers and what these send."""
    signal, inner = Plugin(), Signal()

    def second(**_named: object) -> None:
        inner.send(None, name="inner")

    first = returning("first", 1)
    connect(signal, second, first)
    with observing() as tracer:
        answers = signal.send(None, name="outer")
    assert [receiver for receiver, _ in answers] == [first, second]
    outer, nested = tracer.trace().dispatches
    assert [name for name, _ in calls(outer)] == ["first", "second"]
    assert outer.method == "send"
    assert parents(tracer.trace()) == {"outer": (None, None), "inner": ("outer", 1)}
    assert nested.parent == outer.id


@pytest.mark.parametrize("method", METHODS)
def test_a_send_with_super_is_seen_in_full(method: str) -> None:
    """Django's own method, which is reached in the end, tells all there is to know."""
    signal = Polite()
    connect(signal, returning("only", 1), weak=False)
    with observing() as tracer:
        send(signal, method, None, name="x")
    dispatch = only(tracer.trace())
    assert calls(dispatch) == [("only", "returned")]
    assert dispatch.method == method
    assert dict(dispatch.arguments).get("polite") is (True if method in ("send", "asend") else None)


def test_receivers_that_are_left_out_are_not_called() -> None:
    """Which receivers a sender reaches is asked each time where a class decides it."""
    signal = Choosy()
    connect(signal, returning("one"), weak=False)
    with observing() as tracer:
        signal.send(None)
        signal.closed = True
        signal.send(None)
        signal.closed = False
        signal.send(None)
    assert [len(dispatch.calls) for dispatch in tracer.trace().dispatches] == [1, 0, 1]
    assert tracer.trace().run.notes[0].startswith(CHOOSES)


def test_a_class_that_is_made_meanwhile() -> None:
    """A subclass is observed from the moment it is made, and is itself again afterwards."""
    with observing() as tracer:

        class Late(Signal):
            def send(self, sender: object, **named: Any) -> list[tuple[Any, Any]]:
                return [(sender, named)]

        assert Late().send("late", name="x") == [("late", {"name": "x"})]
    assert only(tracer.trace()).argument("name") == "x"
    assert Late.send.__qualname__.endswith("Late.send")
    assert not hasattr(Late.send, "__wrapped__")
    assert "__init_subclass__" not in vars(Signal)


def test_what_such_a_method_sends_first_is_part_of_its_dispatch() -> None:
    """A dispatch sent before ``super()`` was asked is the child of the one that is then seen in full."""
    before, inner = Signal(), Signal()

    class Careful(Signal):
        def send(self, sender: object, **named: Any) -> list[tuple[Any, Any]]:
            before.send(None, name="before")
            return super().send(sender, name="outer", **named)

    signal = Careful()

    def receiver(**_named: object) -> None:
        inner.send(None, name="inner")

    connect(signal, receiver)
    with observing() as tracer:
        signal.send(None)
    told = {each.argument("name"): each for each in tracer.trace().dispatches}
    assert list(told) == ["outer", "before", "inner"]
    assert told["before"].parent == told["inner"].parent == told["outer"].id
    assert (told["before"].parent_call, told["inner"].parent_call) == (None, 0)


def test_a_class_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test that is observed begins anew; the source of a class is not parsed anew for it."""
    with observing():
        pass
    read: list[str] = []

    def note(found: Any, *_given: object) -> None:
        read.append(found.__qualname__)

    monkeypatch.setattr(sources, "_parsed", note)
    monkeypatch.setattr(rewriting, "compiled", note)
    signal, first = Plugin(), returning("first", 1)
    connect(signal, first)
    for _ in range(2):
        with observing() as tracer:
            signal.send(None)
        assert [name for name, _ in calls(only(tracer.trace()))] == ["first"]
    # Classes of other tests may be there as well, whose source is not what runs.
    assert [name for name in read if name.startswith("Plugin.")] == []
