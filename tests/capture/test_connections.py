"""Every connection is noted: where it was made, and what became of it."""

from __future__ import annotations

import gc
import importlib.util
import sys
import weakref
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from capturing import hook_points
from django.apps import apps
from django.apps.registry import Apps
from django.db import models
from django.db.models.signals import post_save
from django.dispatch import Signal, receiver

from blog.models import Post
from sigexplorer.capture import registry, signals
from sigexplorer.capture.connections import Noted, Notes
from sigexplorer.capture.importers import Imports
from sigexplorer.capture.receivers import listeners
from sigexplorer.capture.registry import registrations


def on_paid(**_named: object) -> None:
    """Receive nothing in particular."""


def on_paid_too(**_named: object) -> None:
    """Receive as little."""


async def later(**_named: object) -> None:
    """Receive nothing, asynchronously."""


@pytest.fixture
def notes() -> Iterator[Notes]:
    """Watch for the time of a test."""
    notes = Notes()
    found = hook_points()
    with notes.watching():
        yield notes
    assert hook_points() == found
    assert notes.faults == []


def line() -> int:
    """Return the number of the line that calls."""
    return sys._getframe(1).f_lineno


def kinds(notes: Notes, signal: Signal) -> list[str]:
    """Return what happened to a signal, in order."""
    return [event.kind for event in notes.of(signal)]


def test_of_what_is_connected_only_the_last_is_looked_at(notes: Notes) -> None:
    """A connection costs the same however many there are; where some may be swept away all are kept."""
    signal = Signal()
    for number in range(5):
        signal.connect(on_paid, dispatch_uid=f"uid {number}")
    assert len(registry.last_entries(signal)) == 1
    signal.connect(on_paid, dispatch_uid="uid 2")
    signal.connect(partial(on_paid), dispatch_uid="lost")
    assert len(registry.last_entries(signal)) == 6
    signal.connect(on_paid, dispatch_uid="uid 4")
    signal.connect(on_paid_too)
    assert kinds(notes, signal) == [*["connected"] * 5, "ignored", "connected", "ignored", "connected"]
    assert [event.key[0] for event in notes.of(signal)][5:8:2] == ["uid 2", "uid 4"]


def test_where_a_receiver_was_connected_is_noted(notes: Notes) -> None:
    """A connect is noted with the line that made it, the sender, the key and how it is held."""
    signal = Signal()
    signal.connect(on_paid, sender=Post, weak=False, dispatch_uid="x")
    here = line() - 1
    (event,) = notes.of(signal)
    assert event.kind == "connected"
    assert event.at is not None
    assert event.at.file.endswith("test_connections.py")
    assert event.at.line == here
    assert (event.receiver.name.rpartition(".")[2], event.sender) == ("on_paid", "blog.Post")
    assert (event.dispatch_uid, event.weak, event.died) == ("x", False, False)
    (registration,) = registrations(signal)
    assert notes.made(registration.key) is event


class Told(Signal):
    """Passes on what it was told, by ``locals()``."""

    told: list[str]

    def __init__(self) -> None:
        given = locals()
        self.told = []
        super().__init__()
        self.told += sorted(given)

    def connect(self, receiver: Any, sender: Any = None, weak: bool = True, dispatch_uid: Any = None) -> None:  # noqa: FBT001, FBT002
        """Connect."""
        given = locals()
        for name in ("self", "__class__"):
            given.pop(name)
        super().connect(**given)
        self.told += sorted(given)


def test_what_a_method_has_of_its_variables_stays_what_it_is(notes: Notes) -> None:
    """We find who called a method without writing anything into the dict that ``locals()`` gave it."""
    signal, here = Told(), line()
    signal.connect(on_paid)
    assert signal.told == ["__class__", "self", "dispatch_uid", "receiver", "sender", "weak"]
    (event,) = notes.of(signal)
    made = signals._made(signal)
    assert made is not None
    assert event.at is not None
    assert (made.at.line, event.at.line) == (here, here + 1)


def test_the_decorator_is_where_a_receiver_was_connected(notes: Notes) -> None:
    """Of ``@receiver`` its own line is noted, not Django's."""
    signal = Signal()
    here = line() + 2

    @receiver(signal)
    def local(**_named: object) -> None:
        """Be there."""

    assert [event.at.line for event in notes.of(signal) if event.at] == [here]
    assert local


@pytest.mark.parametrize("uid", [None, "x"])
def test_an_equal_key_is_noted_as_ignored(uid: str | None, notes: Notes) -> None:
    """A connect that Django ignores is noted with the registration that stands in its way."""
    signal = Signal()
    signal.connect(on_paid, dispatch_uid=uid)
    signal.connect(on_paid_too if uid else on_paid, dispatch_uid=uid)
    first, second = notes.of(signal)
    assert (first.kind, second.kind) == ("connected", "ignored")
    assert second.key == first.key
    assert notes.made(first.key) is first
    assert len(signal.receivers) == 1


def test_disconnects_are_noted(notes: Notes) -> None:
    """A disconnect is noted, and one that finds nothing too."""
    signal = Signal()
    signal.connect(on_paid, sender=Post)
    assert not signal.disconnect(on_paid)
    assert signal.disconnect(on_paid, sender=Post)
    assert kinds(notes, signal) == ["connected", "missed", "disconnected"]
    assert notes.of(signal)[2].key == notes.of(signal)[0].key


@pytest.mark.parametrize(
    ("connect", "name"),
    [
        (lambda signal: signal.connect(partial(on_paid)), "on_paid"),
        (lambda signal: signal.connect(lambda **_named: None), "<lambda>"),
        (lambda signal: signal.connect(Shelf().on_paid), "Shelf.on_paid"),
    ],
    ids=["partial", "lambda", "method"],
)
def test_a_receiver_that_dies_is_known_by_name(connect: Any, name: str, notes: Notes) -> None:
    """Of a receiver that nobody kept the name, the place and the death are known."""
    signal = Signal()
    connect(signal)
    (event,) = notes.of(signal)
    assert event.died
    assert event.receiver.name.endswith(name)
    (dead,) = registrations(signal)
    assert dead.receiver is None
    assert notes.made(dead.key) is event


class Shelf:
    """Something with a method."""

    def on_paid(self, **_named: object) -> None:
        """Receive nothing in particular."""


def test_watching_keeps_nobody_alive(notes: Notes) -> None:
    """A receiver that is held weakly dies although its connection was noted."""
    signal = Signal()
    shelf: Shelf | None = Shelf()
    assert shelf is not None
    signal.connect(shelf.on_paid)
    assert not notes.of(signal)[0].died
    shelf = None
    assert notes.of(signal)[0].died


def test_a_lazy_sender_is_connected_where_it_was_asked_for(notes: Notes) -> None:
    """A connection that had to wait for its model is noted at the line that asked for it."""
    mine = Apps()
    post_save.connect(on_paid, sender="zoo.Lion", apps=mine)
    here = line() - 1
    assert notes.of(post_save) == []

    class Lion(models.Model):  # noqa: DJ008 - never shown
        """What it waited for."""

        class Meta:
            """In a registry of its own."""

            app_label = "zoo"
            apps = mine

    (event,) = notes.of(post_save)
    assert (event.kind, event.sender) == ("connected", "zoo.Lion")
    assert event.at is not None
    assert event.at.line == here
    post_save.disconnect(on_paid, sender=Lion)


def test_a_sender_that_never_comes_is_waited_for(notes: Notes) -> None:
    """A connection to a model that does not exist is found in the app registry, with its line."""
    post_save.connect(on_paid, sender="blog.Pots")
    here = line() - 1
    try:
        (waiting,) = registry.waiting()
        assert (waiting.signal, waiting.receiver, waiting.model) == (post_save, on_paid, ("blog", "pots"))
        at = notes.asked_at(post_save, on_paid, "blog.pots")
        assert at is not None
        assert at.line == here
        assert notes.asked_at(post_save, on_paid, "blog.other") is None
    finally:
        del apps._pending_operations["blog", "pots"]  # type: ignore[attr-defined]


def test_nothing_is_noted_by_nobody() -> None:
    """Without a watcher connects are Django's own, and a bound one that was kept goes on working."""
    notes = Notes()
    signal = Signal()
    with notes.watching():
        connect = signal.connect
    connect(on_paid)
    assert notes.events == []
    assert len(signal.receivers) == 1


def test_a_receiver_that_is_refused_is_refused(notes: Notes) -> None:
    """What Django refuses to connect raises Django's own error, and nothing is noted."""
    signal = Signal()
    with pytest.raises(TypeError):
        signal.connect(5)
    assert notes.of(signal) == []


def test_listeners_are_in_call_order() -> None:
    """Who would be called is told in call order: async last, others' senders and the dead left out."""
    signal = Signal()
    signal.connect(later)
    signal.connect(on_paid, sender=Post)
    signal.connect(on_paid_too)
    signal.connect(on_paid_too, sender=Shelf)
    signal.connect(partial(on_paid))
    assert [one.receiver for one in listeners(signal, Post)] == [on_paid, on_paid_too, later]


@pytest.fixture
def events(notes: Notes) -> Iterator[Any]:
    """Return a module that holds signals in every way that a module can."""
    assert notes
    module: Any = ModuleType("shop_events")
    sys.modules["shop_events"] = module
    code = """
from django.dispatch import Signal

class Loud(Signal):
    def __init__(self):
        super().__init__()

plain = Signal()
SIGNALS = {"paid": Signal(), 3: Signal()}
ROW = [Signal()]

class Events:
    sold = Signal()
    by_name = {"x.y": Signal()}

class Bus:
    def __init__(self):
        self.moved = Signal()

bus = Bus()

def make():
    return Signal()

def hidden():
    inner = Signal()
    def send():
        return inner
    return send

closure = hidden()
loud = Loud()
"""
    exec(compile(code, "/srv/shop_events.py", "exec"), module.__dict__)  # noqa: S102 - our own code
    yield module
    del sys.modules["shop_events"]
    module.__dict__.clear()
    gc.collect()  # what it made is gone, and no longer counted


def test_a_signal_is_named_by_what_holds_it(events: Any) -> None:
    """A dict, a list, a class or an object that holds a signal gives it its name."""
    expected = {
        "shop_events.plain": events.plain,
        "shop_events.SIGNALS['paid']": events.SIGNALS["paid"],
        "shop_events.SIGNALS[3]": events.SIGNALS[3],
        "shop_events.ROW[0]": events.ROW[0],
        "shop_events.Events.sold": events.Events.sold,
        "shop_events.Events.by_name['x.y']": events.Events.by_name["x.y"],
        "shop_events.bus.moved": events.bus.moved,
        "shop_events.loud": events.loud,
    }
    assert {signals.words(signal).path: signal for signal in expected.values()} == expected
    assert signals.words(events.SIGNALS["paid"]).name == "SIGNALS['paid']"
    assert signals.words(events.Events.sold).name == "sold"
    found = {named.path: signal for named, signal in signals.custom()}
    assert found.items() >= expected.items()


def test_a_signal_that_nothing_holds_is_named_by_its_line(events: Any) -> None:
    """A signal in a closure is named by the line that made it, the second of that line by its number."""
    assert signals.words(events.closure()).path == "<Signal shop_events.py:26>"
    kept = [events.make(), events.make()]
    assert [signals.words(signal).name for signal in kept] == [
        "<Signal shop_events.py:23>",
        "<Signal shop_events.py:23 #2>",
    ]


def test_the_importer_of_a_module_is_noted() -> None:
    """The line that imports a module first is told, and Python's import goes on as it would."""
    imports = Imports()
    with imports.watching():
        sys.modules.pop("this_is_no_module", None)
        with pytest.raises(ModuleNotFoundError):
            import this_is_no_module  # type: ignore[import-not-found]  # noqa: F401
        here = line() - 1
    at = imports.importer("this_is_no_module")
    assert at is not None
    assert at.line == here
    assert imports.importer("sys") is None
    assert imports.failed("this_is_no_module")
    with imports.watching():
        assert importlib.util.find_spec("this_is_none_either") is None
    assert not imports.failed("this_is_none_either")  # it was only looked for
    assert imports not in sys.meta_path


def test_a_connection_that_waited_holds_no_receiver(notes: Notes) -> None:
    """A receiver of a model named by a string dies as it would without us."""

    def local(**_named: object) -> None:
        """Be held by nobody, soon."""

    gone = weakref.ref(local)
    post_save.connect(local, sender="blog.Post")
    assert notes.asked_at(post_save, local, "blog.Post") is not None
    del local
    gc.collect()
    assert gone() is None


def test_an_event_holds_no_receiver(notes: Notes) -> None:
    """What is noted holds words and weak references only."""
    signal = Signal()
    signal.connect(on_paid)
    (event,) = notes.of(signal)
    assert isinstance(event, Noted)
    assert on_paid not in list(event)
