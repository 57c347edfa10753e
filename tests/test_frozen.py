"""What our own maker of frozen dataclasses makes is what ``dataclasses`` makes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import typing
from collections.abc import Callable
from typing import Any

import pytest

from sigexplorer import frozen


def _fields(*, ours: bool) -> Any:
    make: Any = frozen.dataclass if ours else dataclasses.dataclass

    @make(frozen=True, slots=True)
    class Held:
        """A class."""

        name: str
        secret: str = dataclasses.field(default="", repr=False)
        more: list[int] = dataclasses.field(default_factory=list, compare=False)

    return Held


def _one(*, ours: bool) -> Any:
    make: Any = frozen.dataclass if ours else dataclasses.dataclass

    @make(frozen=True, slots=True)
    class Held:
        name: str = "only"

        def __repr__(self) -> str:
            return "its own"

    return Held


MADE: dict[str, Any] = {}


def _attempt(act: Callable[[Any], Any], kind: Any) -> Any:
    """Return what ``act`` does with a class that pickle finds under one name, whoever made it."""
    kind.__qualname__, kind.__module__ = "MADE", __name__
    globals()["MADE"] = kind
    try:
        return act(kind)
    except Exception as problem:  # noqa: BLE001 - it is compared
        return type(problem), str(problem)


ACTS: dict[str, Callable[[Any], Any]] = {
    "repr": lambda kind: (repr(kind("a")), repr(kind(name=kind("b")))),
    "equal": lambda kind: (kind("a") == kind("a"), kind("a") == kind("b"), kind("a").__eq__(1)),
    "hash": lambda kind: (hash(kind("a")), hash(kind(["a"]))),
    "set": lambda kind: setattr(kind("a"), "name", "b"),
    "delete": lambda kind: delattr(kind("a"), "name"),
    "field of a subclass": lambda kind: setattr(type("Sub", (kind,), {})("a"), "name", "b"),
    "dict": lambda kind: (dataclasses.asdict(kind("a")), dataclasses.astuple(kind("a"))),
    "replace": lambda kind: repr(dataclasses.replace(kind("a"), name="b")),
    "copy": lambda kind: repr([copy.copy(kind("a")), copy.deepcopy(kind(["a"]))]),
    "pickle": lambda kind: pickle.loads(pickle.dumps(kind("a"))) == kind("a"),  # noqa: S301 - our own
    "made anew": lambda kind: kind("a").more is kind("a").more,
    "without a value": lambda kind: repr(kind()),
    "too much": lambda kind: kind(1, 2, 3, 4),
    "match": lambda kind: (kind.__match_args__, kind.__slots__),
    "parameters": lambda kind: kind("a") and list(inspect.signature(kind).parameters),
    "types": lambda kind: kind("a") and typing.get_type_hints(kind.__init__),
    "methods": lambda kind: sorted(set(vars(kind)) - {"__annotations__", "__doc__"}),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("make", [_fields, _one])
def test_it_is_a_dataclass(act: Callable[[Any], Any], make: Callable[..., Any]) -> None:
    """Whatever is done with it comes to the same, or fails the same."""
    assert _attempt(act, make(ours=True)) == _attempt(act, make(ours=False))
