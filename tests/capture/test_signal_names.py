"""What signals are called: variables that a loop leaves behind name nothing, and thousands are named soon."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from django.dispatch import Signal

from sigexplorer.capture import signals, variables
from sigexplorer.capture.connections import NOTES

if TYPE_CHECKING:
    from collections.abc import Iterator

LEFT_OVER = """
from django.dispatch import Signal
import sigs_factory

EVENTS = {"paid": Signal(), "refunded": Signal()}
shipped = Signal()
made = sigs_factory.make()

for signal in [Signal(), Signal()]:
    pass
for early in (shipped, made):
    pass
for number, late in enumerate(EVENTS.values()):
    pass
for kept in [Signal()]:
    kept = kept
first, second = Signal(), Signal()
if True:
    for again in (first,): pass
"""

FACTORY = """
from django.dispatch import Signal

def make():
    return Signal()
"""


@pytest.fixture
def sigs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Import the modules above, watched or not."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "sigs_left.py").write_text(LEFT_OVER)
    (tmp_path / "sigs_factory.py").write_text(FACTORY)
    before = len(NOTES.events)
    if request.param:
        with NOTES.watching():
            import sigs_left  # type: ignore[import-not-found]
    else:
        import sigs_left
    yield sigs_left
    del NOTES.events[before:], sys.modules["sigs_left"], sys.modules["sigs_factory"]


@pytest.mark.parametrize("sigs", [True, False], indirect=True, ids=["watched", "unwatched"])
def test_a_variable_that_a_loop_left_behind_names_nothing(sigs: Any) -> None:
    """A signal is named by its dict, its own variable or its line; by the loop only if by nothing else."""
    expected = {
        "sigs_left.EVENTS['refunded']": sigs.EVENTS["refunded"],
        "sigs_left.shipped": sigs.shipped,
        "sigs_left.made": sigs.made,
        "sigs_left.kept": sigs.kept,
        "sigs_left.first": sigs.first,
        "sigs_left.second": sigs.second,
    }
    found = {id(signal): named.path for named, signal in signals.custom()}
    assert {found[id(signal)]: signal for signal in expected.values()} == expected
    assert {signals.words(signal).path: signal for signal in expected.values()} == expected
    watched = signals._made(sigs.signal) is not None
    left = found[id(sigs.signal)]
    assert left.endswith("sigs_left.py:9 #2>") if watched else left == "sigs_left.signal"
    assert signals.words(sigs.signal).path == left


def test_many_signals_are_found_in_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Naming a module's signals one after the other does not go through all modules for each."""
    module: Any = type(sys)("sigs_many")
    names = [f"s{number}" for number in range(50)]
    looks: list[int] = []
    plain = variables.look
    monkeypatch.setattr(variables, "look", lambda created=0: looks.append(created) or plain(created))
    monkeypatch.setattr(variables, "_VAIN", [variables._IN_VAIN])
    with NOTES.watching():
        module.__dict__.update({name: Signal() for name in names})
    monkeypatch.setitem(sys.modules, "sigs_many", module)
    assert [signals.words(getattr(module, name)).name for name in names] == names
    assert len(looks) == 1
    unnamed = Signal()
    assert signals.words(unnamed).name.startswith("<Signal")
    module.later = Signal()
    with NOTES.watching():
        module.noted = Signal()
    assert signals.words(module.noted).path == "sigs_many.noted"
    assert len(looks) == 2


def test_a_signal_that_became_a_variable_since_the_last_look_has_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though no module came; for signals that are none it is not looked for ever."""
    module: Any = type(sys)("sigs_since")
    looks: list[int] = []
    plain = variables.look
    monkeypatch.setattr(variables, "look", lambda created=0: looks.append(created) or plain(created))
    monkeypatch.setattr(variables, "_VAIN", [0])
    monkeypatch.setitem(sys.modules, "sigs_since", module)
    module.early, late = Signal(), Signal()
    assert signals.words(module.early).path == "sigs_since.early"
    module.late = late
    assert signals.words(late).path == "sigs_since.late"
    looks.clear()
    for unnamed in [Signal() for _ in range(100)]:
        assert signals.words(unnamed).name == "<Signal>"
    assert len(looks) == variables._IN_VAIN
    looks.clear()
    with NOTES.watching():
        for unnamed in [Signal() for _ in range(500)]:
            assert "test_signal_names.py" in signals.words(unnamed).name
    assert len(looks) < variables._IN_VAIN + 7


def test_a_variable_that_was_bound_anew_names_what_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found is looked at again before it is told: variables move on."""
    module: Any = type(sys)("sigs_moving")
    monkeypatch.setitem(sys.modules, "sigs_moving", module)
    module.current, module.stays = Signal(), Signal()
    signals.words(module.stays)
    module.current, before = Signal(), module.current
    assert signals.words(before).name.startswith("<Signal")


def test_modules_may_come_while_they_are_looked_at() -> None:
    """What Python collects meanwhile may import something, such as what warns of it."""
    come: list[str] = []

    class Circle:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            if len(come) < 500:
                come.append(f"come_{len(come)}")
                sys.modules[come[-1]] = ModuleType(come[-1])
                Circle()

    thresholds = gc.get_threshold()
    pairs = [(number, number) for number in range(5_000)]  # Python's spare ones are used up
    gc.freeze()
    gc.set_threshold(20)
    try:
        Circle()
        assert variables.look() is not None
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        for name in come:
            del sys.modules[name]
        come += [""] * len(pairs)
