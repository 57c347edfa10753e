"""Who keeps a receiver alive: DEBUG's look at its parameters alone, or anything else."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterator
from typing import Any

import pytest
from django.dispatch import Signal
from django.test import override_settings
from django.utils import inspect

from sigexplorer.capture import registry
from sigexplorer.capture.connections import Notes
from sigexplorer.capture.holders import held_by_debug_alone, sweep


def held(connect: Any) -> list[bool]:
    """Return, for each receiver of a signal that ``connect`` was given, whether only DEBUG holds it."""
    signal = Signal()
    connect(signal)
    return [held_by_debug_alone(one) for one in registry.registrations(signal)]


@pytest.fixture(autouse=True)
def _debug() -> Iterator[None]:
    with override_settings(DEBUG=True):
        yield
    inspect._get_func_parameters.cache_clear()  # type: ignore[attr-defined]


class Shelf:
    """Has methods, and can be called."""

    def __call__(self, **_: Any) -> None:
        """Do nothing."""

    def tidy(self, **_: Any) -> None:
        """Do nothing."""

    @staticmethod
    def dust(**_: Any) -> None:
        """Do nothing."""


SHELF = Shelf()


def plain(**_: Any) -> None:
    """Do nothing."""


KEPT: list[Any] = []


def passing(signal: Signal) -> None:
    """Connect what lives for one line, or for one function."""

    def local(**_: Any) -> None:
        pass

    def itself(**_: Any) -> Any:
        return itself

    shelf = Shelf()

    def holding(**_: Any) -> Any:
        return shelf

    receivers = (local, itself, lambda **_: 1, functools.partial(plain), Shelf(), holding, shelf.tidy, shelf)
    for receiver in receivers:
        signal.connect(receiver)


def lasting(signal: Signal) -> None:
    """Connect what somebody holds."""

    def appended(**_: Any) -> None:
        pass

    KEPT.append(appended)
    shelf, other = Shelf(), Shelf()
    KEPT.append(other)
    for receiver in (plain, SHELF, SHELF.tidy, Shelf.dust, appended):
        signal.connect(receiver)
    signal.connect(lambda **_: shelf, weak=False)
    for receiver in (shelf.tidy, other.tidy):
        signal.connect(receiver)
    Signal().connect(lambda **_: other)  # which is gone, and holds what others hold too


def test_what_only_debug_holds_is_told_from_what_others_hold() -> None:
    """Local functions, lambdas, partials and new objects live by DEBUG alone; what has a name does not."""
    assert held(passing) == [True] * 8
    assert held(lasting) == [False] * 8


def test_it_is_true() -> None:
    """Without what DEBUG remembers, just those that it was said of are gone."""
    signal, other = Signal(), Signal()
    passing(signal)
    lasting(other)
    inspect._get_func_parameters.cache_clear()  # type: ignore[attr-defined]
    gc.collect()
    assert [one.receiver for one in registry.registrations(signal)] == [None] * 8
    assert None not in [one.receiver for one in registry.registrations(other)]


def test_without_debug_nothing_lives_by_it() -> None:
    """What is dead already lives by nothing."""
    with override_settings(DEBUG=False):
        assert held(lambda signal: signal.connect(functools.partial(plain))) == [False]


def test_what_is_frozen_holds_too() -> None:
    """A project that was started without looking for garbage still has modules that hold their functions."""
    gc.freeze()
    assert not any(held(lasting))


def test_what_only_holds_itself_is_swept_away() -> None:
    """A receiver in a cycle that was frozen while a project started is dead after a sweep."""

    class Circle:
        """An object that holds itself."""

        def __init__(self) -> None:
            self.itself = self

        def on_save(self, **_named: object) -> None:
            """Be called never."""

    signal, notes = Signal(), Notes()
    gc.disable()
    try:
        with notes.watching():
            signal.connect(Circle().on_save)
        gc.freeze()
        assert registry.registrations(signal)[0].receiver is not None
        sweep(notes)
        assert registry.registrations(signal)[0].receiver is None
    finally:
        gc.unfreeze()
        gc.enable()
