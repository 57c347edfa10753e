"""The tracer: steps, names of signals, and records that are plain values."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import sys
import threading
import types
from pathlib import Path
from typing import Any

import django
import pytest
from capturing import METHODS, bypasses, connect, observing, only, parents, returning, send
from django.db.models.signals import post_save
from django.dispatch import Signal
from hostile_things import alert, hostile

from blog.models import Tag
from blog.signals import post_published
from sigexplorer import catalog
from sigexplorer.capture import signals
from sigexplorer.capture.listening import built_in
from sigexplorer.capture.tracer import Tracer


def plain(thing: object) -> bool:
    """Tell whether something is made of strings, numbers, tuples and records alone."""
    if dataclasses.is_dataclass(thing):
        return all(plain(getattr(thing, field.name)) for field in dataclasses.fields(thing))
    if type(thing) is tuple:
        return all(plain(member) for member in thing)
    return thing is None or type(thing) in (str, int, float, bool)


@pytest.mark.usefixtures("database")
def test_a_trace_is_made_of_plain_values() -> None:
    """No live object is in a trace, and JSON can hold all of it."""
    signal = Signal()

    def receiver(**_named: object) -> object:
        return Tag(name="answer")

    signal.connect(receiver)
    with observing() as tracer, tracer.step("one", "source"):
        signal.send(
            Tag, instance=Tag.objects.create(name="a"), more=[Tag, {"a": signal}], found=Tag.objects.all()
        )
        Tag.objects.update(name="b")
    trace = tracer.trace()
    assert plain(trace)
    json.dumps(dataclasses.asdict(trace), allow_nan=False)
    assert len(trace.dispatches) > 3
    assert len(trace.bypasses) == 1


def test_the_run_says_where_and_when() -> None:
    """A run has a title, a time in UTC, versions, databases and a duration."""
    with observing("a title", listened=True) as tracer:
        during = tracer.trace().run
    run = tracer.trace().run
    assert (run.title, run.listened) == ("a title", True)
    assert run.started_at.endswith("Z")
    assert (run.django, run.python) == (django.get_version(), sys.version.split()[0])
    assert run.databases == (("default", "sqlite"), ("archive", "sqlite"))
    assert 0 <= during.duration_ns <= run.duration_ns
    assert tracer.trace().run == run


def test_steps_name_what_happens_in_them() -> None:
    """Dispatches and bypasses belong to the step that runs, and to none outside of every step."""
    signal = Signal()
    with observing() as tracer:
        signal.send(None, name="before")
        with tracer.step("first"):
            signal.send(None, name="in first")
        signal.send(None, name="between")
        with tracer.step("second"):
            signal.send(None, name="in second")
    trace = tracer.trace()
    assert [(step.id, step.title, step.error) for step in trace.steps] == [
        (1, "first", None),
        (2, "second", None),
    ]
    found = {each.argument("name"): each.step for each in trace.dispatches}
    assert found == {"before": None, "in first": 1, "between": None, "in second": 2}
    first, second = trace.steps
    assert first.start_ns + first.duration_ns <= second.start_ns


def test_what_is_outside_of_steps_may_be_left_out() -> None:
    """With steps only, preparation between the steps leaves no record, and no hole in the ids."""
    signal = Signal()
    with observing(steps_only=True) as tracer:
        signal.send(None, name="before")
        with tracer.step("first"):
            signal.send(None, name="in first")
        signal.send(None, name="between")
        with tracer.step("second"):
            signal.send(None, name="in second")
    trace = tracer.trace()
    assert [(each.id, each.argument("name")) for each in trace.dispatches] == [
        (1, "in first"),
        (2, "in second"),
    ]
    assert all(each.start_ns >= 0 for each in trace.dispatches)


def test_a_step_begun_in_a_receiver_has_no_parent_from_before() -> None:
    """A dispatch that was preparation is nobody's parent."""
    outer, inner = Signal(), Signal()

    def receiver(**_named: object) -> None:
        with tracer.step("one"):
            inner.send(None, name="inner")

    outer.connect(receiver)
    with observing(steps_only=True) as tracer:
        outer.send(None, name="outer")
    assert parents(tracer.trace()) == {"inner": (None, None)}


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
def test_a_step_that_fails(kind: type[BaseException]) -> None:
    """An error goes on its way, is noted with its step, and ends the step."""
    signal = Signal()
    with observing() as tracer:
        with pytest.raises(kind), tracer.step("failing"):
            raise kind("no")
        signal.send(None)
    trace = tracer.trace()
    assert [step.error for step in trace.steps] == [f"{kind.__name__}: no"]
    assert only(trace).step is None


@pytest.mark.usefixtures("database")
def test_a_trace_can_be_looked_at_meanwhile() -> None:
    """What is recorded so far is a trace, in the order in which it opened."""
    signal = Signal()
    seen: list[Any] = []

    def receiver(**_named: object) -> None:
        Tag.objects.bulk_create([Tag(name="a")])
        seen.append(tracer.trace())

    signal.connect(receiver)
    with observing() as tracer:
        signal.send(None)
    (during,) = seen
    assert bypasses(during) == bypasses(tracer.trace())
    assert plain(during)
    # One that is under way may be shown as far as it has come, or not yet.
    assert [each.id for each in during.dispatches if each.group == "custom"] in ([], [1])
    assert [each.id for each in tracer.trace().dispatches] == sorted(
        each.id for each in tracer.trace().dispatches
    )


def test_a_trace_can_be_looked_at_while_threads_send() -> None:
    """Looking is safe at any moment: every trace on the way is whole, and the last one has everything."""
    signal, inner = Signal(), Signal()

    def nesting(**_named: object) -> None:
        inner.send(None)

    connect(signal, nesting, returning("other"), weak=False)

    def work() -> None:
        for _ in range(200):
            signal.send(None)

    with observing() as tracer:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            during = tracer.trace()
            ids = [each.id for each in during.dispatches]
            assert ids == sorted(set(ids))
            assert {len(each.calls) for each in during.dispatches if each.parent is None} <= {2}
        for thread in threads:
            thread.join()
    dispatches = tracer.trace().dispatches
    assert len(dispatches) == 1_600
    assert {len(each.calls) for each in dispatches if each.parent is None} == {2}


@pytest.mark.parametrize("method", METHODS)
def test_arguments_are_put_into_words_before_the_first_receiver(method: str) -> None:
    """A receiver that changes what it got changes nothing in the record."""
    signal = Signal()

    def receiver(*, held: list[int], **_named: object) -> None:
        held.clear()

    signal.connect(receiver)
    with observing() as tracer:
        send(signal, method, None, held=[1, 2])
    assert only(tracer.trace()).argument("held") == "[1, 2]"


# Names of signals.


def test_built_in_signals_have_the_names_of_the_catalogue() -> None:
    """Each built-in signal is known by its path, its short name and its group."""
    for page in catalog.PAGES:
        signal = built_in(page)
        if signal is not None:
            assert signals.words(signal) == (page.path, page.name, page.group)
    assert signals.words(post_save).group == "save"


def test_custom_signals_are_named_by_where_they_live() -> None:
    """A project's signal has the path of its module; one that no module holds that of its class."""
    assert signals.words(post_published) == ("blog.signals.post_published", "post_published", "custom")

    class Loud(Signal):
        """A signal of a class of its own."""

    nameless = signals.words(Signal())
    assert (nameless.name, nameless.group) == ("<Signal>", "custom")
    assert nameless.path.endswith("<Signal>")
    assert signals.words(Loud()).group == "custom"
    assert signals.words(Loud()).name.endswith("Loud>")


def test_naming_a_signal_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is to be loaded when it is first used is not loaded by our looking for signals."""
    (tmp_path / "lazy_module.py").write_text("raise SystemExit('loaded')\n", encoding="utf-8")
    spec = importlib.util.spec_from_file_location("lazy_module", tmp_path / "lazy_module.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "lazy_module", module)
    monkeypatch.setitem(sys.modules, "no_module", hostile(object)())
    monkeypatch.setitem(sys.modules, "nothing", None)
    with alert() as called, observing() as tracer:
        Signal().send(None)
    assert called == []
    assert only(tracer.trace()).name.startswith("<Signal ")


def test_things_in_modules_are_not_asked_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for signals in modules runs no code of what else is there."""
    module = types.ModuleType("a_module_of_hostile_things")
    module.signal = Signal()  # type: ignore[attr-defined]
    module.thing = hostile(object)()  # type: ignore[attr-defined]
    module.kind = hostile(object)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with alert() as called, observing() as tracer:
        module.signal.send(None)  # type: ignore[attr-defined]
    assert called == []
    assert only(tracer.trace()).signal == "a_module_of_hostile_things.signal"


def test_a_tracer_is_for_one_run() -> None:
    """Before the start there is nothing, and a trace of nothing is a trace."""
    trace = Tracer("nothing").trace()
    assert (trace.dispatches, trace.bypasses, trace.steps, trace.claims) == ((), (), (), ())
