"""What is replaced while somebody observes, and how it is put back."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from capturing import (
    METHODS,
    calls,
    connect,
    hook_points,
    observing,
    only,
    outcome,
    parents,
    raising,
    returning,
    send,
    strangers,
)
from django.db import transaction
from django.dispatch import Signal

from blog.models import Tag
from sigexplorer.capture import (
    arguments,
    bypasses,
    database,
    dispatch,
    flights,
    lanes,
    places,
    receivers,
    signals,
    words,
)
from sigexplorer.capture.lanes import running
from sigexplorer.capture.tracer import Tracer

each_method = pytest.mark.parametrize("method", METHODS)


class OurselvesFailedError(Exception):
    """A fault of the tracer's own."""


def replaced_by(found: Callable[..., Any], log: list[str]) -> Callable[..., Any]:
    """Patch as others do: note the call, and call what was found."""

    @functools.wraps(found)
    def theirs(*positional: object, **named: object) -> Any:
        log.append(found.__name__)
        return found(*positional, **named)

    return theirs


# Put in and put back.


def test_everything_is_replaced_by_the_first_and_put_back_by_the_last() -> None:
    """While anybody observes every hook point is ours; afterwards each is the very object that was found."""
    before = hook_points()
    first, second = Tracer("first"), Tracer("second")
    try:
        first.start()
        assert set(strangers()) >= {f"Signal.{method}" for method in METHODS}
        assert set(strangers()) >= {"QuerySet.bulk_create", "CursorWrapper._execute_with_wrappers"}
        ours = hook_points()
        second.start()
        assert hook_points() == ours
        first.stop()
        assert hook_points() == ours
    finally:
        first.stop()
        second.stop()
    assert strangers() == []
    assert all(hook_points()[place] is found for place, found in before.items())


def test_stopping_twice_or_unstarted_is_harmless() -> None:
    """A stop too many takes nobody else's hooks away."""
    idle = Tracer("idle")
    idle.stop()
    with observing() as tracer:
        with observing() as inner:
            pass
        inner.stop()
        idle.stop()
        Signal().send(None)
    assert len(tracer.trace().dispatches) == 1


@pytest.mark.usefixtures("database")
def test_each_of_several_sees_its_own_time() -> None:
    """Nested tracers record the same events, each those between its start and its stop, each from id 1."""
    signal = Signal()
    with observing("outer") as outer:
        signal.send(None, name=1)
        with observing("inner") as inner:
            signal.send(None, name=2)
            Tag.objects.bulk_create([Tag(name="a")])
        signal.send(None, name=3)
    seen = [
        [dispatch.argument("name") for dispatch in tracer.trace().dispatches if dispatch.group == "custom"]
        for tracer in (outer, inner)
    ]
    assert seen == [[1, 2, 3], [2]]
    assert inner.trace().dispatches[0].id == 1
    assert len(outer.trace().bypasses) == len(inner.trace().bypasses) == 1
    assert outer.trace().run.queries == inner.trace().run.queries > 0


def test_a_dispatch_under_way_when_the_tracer_starts_is_nobodys_parent() -> None:
    """What is sent inside of a dispatch that we have not seen opening has no parent."""
    outer, inner = Signal(), Signal()
    tracer = Tracer("late")

    def receiver(**_named: object) -> None:
        tracer.start()
        inner.send(None, name="inner")

    outer.connect(receiver)
    try:
        with observing() as whole:
            outer.send(None, name="outer")
    finally:
        tracer.stop()
    assert parents(tracer.trace()) == {"inner": (None, None)}
    assert parents(whole.trace()) == {"outer": (None, None), "inner": ("outer", 0)}


def test_a_dispatch_under_way_when_the_tracer_stops_is_recorded() -> None:
    """What has begun while we observed is recorded when it ends, even after the stop."""
    signal = Signal()
    tracer = Tracer("early")

    def receiver(**_named: object) -> str:
        tracer.stop()
        return "done"

    signal.connect(receiver)
    tracer.start()
    signal.send(None)
    assert calls(only(tracer.trace())) == [("receiver", "returned")]


@pytest.mark.usefixtures("_put_back")
@pytest.mark.parametrize("broken", [database.HOOKS, bypasses.HOOKS], ids=["database", "bypasses"])
def test_a_start_that_fails_leaves_nothing(broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a Django has no such method to replace, starting fails as a whole, or not at all."""

    def nothing_there() -> Iterator[Any]:
        raise KeyError("update_batch")
        yield

    before = hook_points()
    monkeypatch.setattr(broken, "_replacements", nothing_there)
    tracer = Tracer("broken")
    try:
        tracer.start()
    except KeyError:
        assert hook_points() == before
        assert dispatch.HOOKS.observers == ()
    finally:
        tracer.stop()
    assert hook_points() == before


# Others who patch.


@pytest.mark.usefixtures("_put_back")
@each_method
def test_a_patch_on_top_of_ours_stays_and_works(method: str) -> None:
    """Who patches while we observe keeps the patch when we go, and it does what Django does."""
    signal, receiver, log = Signal(), returning("receiver", 1), []
    signal.connect(receiver)
    with observing() as tracer:
        theirs = replaced_by(Signal.__dict__[method], log)
        setattr(Signal, method, theirs)
        assert send(signal, method) == [(receiver, 1)]
    assert Signal.__dict__[method] is theirs
    assert send(signal, method) == [(receiver, 1)]
    assert log == [method] * 2
    assert len(tracer.trace().dispatches) == 1


@pytest.mark.usefixtures("_put_back")
@each_method
def test_a_patch_that_stayed_does_not_make_us_count_twice(method: str) -> None:
    """The next observer finds the other's patch, with our old method inside, and records each send once."""
    signal, receiver, log = Signal(), returning("receiver", 1), []
    signal.connect(receiver)
    with observing():
        setattr(Signal, method, replaced_by(Signal.__dict__[method], log))
    with observing() as tracer:
        assert send(signal, method) == [(receiver, 1)]
    assert log == [method]
    assert calls(only(tracer.trace())) == [("receiver", "returned")]


@pytest.mark.usefixtures("_put_back", "database")
def test_a_patch_of_a_queryset_that_stayed_does_not_make_us_count_twice() -> None:
    """The same for writes without signals and for SQL."""
    log: list[str] = []
    with observing():
        for (owner, name), found in hook_points().items():
            if f"{owner.__name__}.{name}" in strangers() and owner is not Signal:
                setattr(owner, name, replaced_by(found, log))
    with observing() as tracer:
        Tag.objects.bulk_create([Tag(name="a")])
        Tag.objects.update(name="b")
    assert log.count("bulk_create") == log.count("update") == 1
    assert [bypass.operation for bypass in tracer.trace().bypasses] == ["bulk_create", "update"]
    assert tracer.trace().run.queries == log.count("_execute_with_wrappers") >= 2


@pytest.mark.usefixtures("_put_back")
@each_method
def test_a_patch_from_before_is_called_and_put_back(method: str) -> None:
    """Who has patched before us is called by us, and stands there again when we go."""
    signal, receiver, log = Signal(), returning("receiver", 1), []
    signal.connect(receiver)
    theirs = replaced_by(Signal.__dict__[method], log)
    setattr(Signal, method, theirs)
    with observing() as tracer:
        assert send(signal, method) == [(receiver, 1)]
    assert log == [method]
    assert Signal.__dict__[method] is theirs
    assert calls(only(tracer.trace())) == [("receiver", "returned")]
    assert len(tracer.trace().run.notes) == 1


@pytest.mark.usefixtures("_put_back")
@pytest.mark.parametrize("answer", [None, 5, (), "text", [1, 2], [(1, 2, 3)]], ids=repr)
@pytest.mark.parametrize("method", METHODS[:2])
def test_a_patch_that_answers_anything_is_believed(method: str, answer: object) -> None:
    """A send method replaced by something that returns no responses is not broken by our looking at them."""
    setattr(Signal, method, lambda _self, _sender, **_named: answer)
    with observing() as tracer:
        assert getattr(Signal(), method)(None) is answer
    assert only(tracer.trace()).method == method


@pytest.mark.parametrize("name", ["_live_receivers", "has_listeners", "connect", "disconnect"])
def test_patches_beside_ours_are_called(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What others replace on Signal, as Sentry does, is called by our loops as by Django's."""
    log: list[str] = []
    monkeypatch.setattr(Signal, name, replaced_by(Signal.__dict__[name], log))
    receiver = returning("receiver", 1)

    def story() -> list[Any]:
        signal = Signal()
        signal.connect(receiver)
        answers = [send(signal, method) for method in METHODS]
        signal.disconnect(receiver)
        seen = [*answers, list(log)]
        log.clear()
        return seen

    unobserved = story()
    with observing() as tracer:
        assert story() == unobserved
    assert len(tracer.trace().dispatches) == 4


# Our own faults.


def answers(signal: Signal, method: str, sender: object) -> list[object]:
    """Send, and return what was answered without who did."""
    return [answer for _, answer in send(signal, method, sender, named=1)]


def program() -> list[object]:
    """Do a little of everything that is observed, and return what came of it."""
    signal, inner = Signal(), Signal()
    failing = raising("failing", ValueError, "no")

    def nesting(**_named: object) -> str:
        inner.send(None)
        return "nested"

    async def awaited(**_named: object) -> str:
        await inner.asend(None)
        return "awaited"

    connect(inner, failing)
    connect(signal, returning("receiver", 1), nesting, awaited)
    connect(signal, failing, sender=Tag)
    seen: list[object] = [
        outcome(functools.partial(answers, signal, method, sender))
        for method in METHODS
        for sender in (None, Tag)
    ]
    Tag.objects.all().delete()
    Tag.objects.bulk_create([Tag(name="a"), Tag(name="b")])
    Tag.objects.filter(name="a").update(name="c")
    with transaction.atomic():
        Tag.objects.create(name="d")
        with transaction.atomic():
            Tag.objects.create(name="e")
            transaction.set_rollback(True)
    Tag.objects.get(name="c").delete()
    return [*seen, sorted(Tag.objects.values_list("name", flat=True))]


FAULTS: list[tuple[Any, str]] = [
    *((words, name) for name in ("value", "error", "sender", "path", "bounded", "model_label", "class_path")),
    (arguments, "quickly"),
    (signals, "words"),
    (receivers, "words"),
    (receivers, "passed_by"),
    (receivers, "registrations_of"),
    (places, "line"),
    (flights, "noted"),
    (lanes, "_thread"),
    *((type(database._TRANSACTIONS), name) for name in ("look", "saved", "undone_since", "over", "ended")),
    (database, "_connections"),
]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("place", "name"), FAULTS, ids=[f"{place.__name__.rpartition('.')[2]}.{name}" for place, name in FAULTS]
)
def test_a_fault_of_ours_costs_a_record_and_nothing_else(
    place: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever of ours fails: the program goes on as it would have, and the fault is counted."""
    unobserved = program()

    def failing(*_positional: object, **_named: object) -> None:
        raise OurselvesFailedError(name)

    with observing(may_fail=True) as tracer:
        monkeypatch.setattr(place, name, failing)
        observed = program()
        monkeypatch.undo()
    assert observed == unobserved
    if name not in ("path", "class_path", "error"):  # may not have been needed
        assert tracer.faults
    assert tracer.trace().run.dropped >= len(tracer.faults)


@pytest.mark.usefixtures("database")
def test_a_fault_of_one_observer_is_not_anothers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracer that fails does not keep a second one from recording."""

    class Broken(Tracer):
        """One whose every record fails."""

    def failing(*_positional: object, **_named: object) -> None:
        raise OurselvesFailedError

    monkeypatch.setattr(Broken, "take", failing)
    broken = Broken("broken")
    broken.start()
    try:
        with observing() as sound:
            Tag.objects.bulk_create([Tag(name="a")])
            Tag.objects.create(name="b")
    finally:
        broken.stop()
    assert broken.faults
    assert len(sound.trace().bypasses) == 1
    assert [dispatch.name for dispatch in sound.trace().dispatches if dispatch.group == "save"] == [
        "pre_save",
        "post_save",
    ]


def test_recursion_without_end_ends_as_without_us() -> None:
    """Receivers that send for ever end in Python's RecursionError, and nothing of it is left behind."""
    signal, after = Signal(), Signal()

    def receiver(**_named: object) -> None:
        signal.send(None, name="deep")

    signal.connect(receiver)
    assert outcome(lambda: signal.send(None))[1][0] is RecursionError
    with observing(may_fail=True) as tracer:
        assert outcome(lambda: signal.send(None, name="deep"))[1][0] is RecursionError
        after.send(None, name="after")
    assert running.get() is None
    assert parents(tracer.trace())["after"] == (None, None)


@pytest.mark.usefixtures("database")
def test_no_fault_in_a_program_that_does_everything() -> None:
    """The program of these tests, observed without a fault, is recorded whole."""
    with observing() as tracer:
        program()
    run = tracer.trace().run
    assert (run.dropped, run.notes, tracer.faults) == (0, (), [])
