"""Dataclasses that are made quickly are what the standard library makes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from sigexplorer import frozen


def _classes(dataclass: Callable[..., Any]) -> dict[str, Any]:
    @dataclass(frozen=True, slots=True)
    class Whole:
        """Everything that a field may be."""

        first: int
        second: str = "x"
        third: list[int] = dataclasses.field(default_factory=list)
        secret: str = dataclasses.field(default="", repr=False)

        @property
        def twice(self) -> int:
            """Return something."""
            return self.first * 2

    @dataclass(frozen=True, slots=True)
    class One:
        """A single field."""

        only: float

    @dataclass(frozen=True, slots=True)
    class Nothing:
        """None."""

    @dataclass(frozen=True, slots=True)
    class Own:
        """Has some of it itself."""

        first: int
        second: int = 0

        def __post_init__(self) -> None:
            object.__setattr__(self, "second", 1)

        def __repr__(self) -> str:
            return "own"

    @dataclass(frozen=True, slots=True)
    class Longer(One):
        """Is made of another."""

        more: int = 1

    return {cls.__name__: cls for cls in (Whole, One, Nothing, Own, Longer)}


_OURS, _THEIRS = _classes(frozen.dataclass), _classes(dataclasses.dataclass)


def _outcome(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is to be the same
        return type(error), str(error)


_MADE = [
    ("Whole", (1,)),
    ("Whole", (1, "y", [2], "s")),
    ("One", (0.5,)),
    ("Nothing", ()),
    ("Own", (1,)),
    ("Longer", (1,)),
]


@pytest.mark.parametrize(("name", "values"), _MADE)
def test_it_is_as_the_standard_librarys(name: str, values: tuple[Any, ...]) -> None:
    """Text, fields, parts, changes, what is forbidden and what is wrong are the same."""
    seen = []
    for cls in (_OURS[name], _THEIRS[name]):
        one = cls(*values)
        seen.append([
            repr(one),
            dataclasses.asdict(one),
            dataclasses.astuple(one),
            [(field.name, field.type, field.repr) for field in dataclasses.fields(cls)],
            str(inspect.signature(cls)),
            inspect.signature(cls).parameters.keys(),
            cls.__match_args__,
            cls.__dataclass_params__,
            cls.__slots__,
            cls.__init__.__qualname__,
            one == cls(*values),
            one != object(),
            repr(copy.deepcopy(one)),
            repr(copy.copy(one)),
            _outcome(lambda one=one: hash(one) == hash(copy.copy(one))),
            [_outcome(lambda one=one, name=name: setattr(one, name, 2)) for name in cls.__match_args__],
            [_outcome(lambda one=one, name=name: delattr(one, name)) for name in cls.__match_args__],
            _outcome(cls),
            _outcome(lambda cls=cls: cls(1, 2, 3, 4, 5)),
            _outcome(lambda cls=cls: cls(none=1)),
            _outcome(lambda one=one: dataclasses.replace(one, only=2)),
        ])  # fmt: skip
    ours, theirs = (
        [str(each).replace("_Found", f"_classes.<locals>.{name}") for each in one] for one in seen
    )
    assert ours == theirs


def test_what_differs_is_not_equal() -> None:
    """Nor is a class with the same fields; each gets values of its own where they are made."""
    whole = _OURS["Whole"]
    assert whole(1) != whole(2)
    assert whole(1) != _THEIRS["Whole"](1)
    assert whole(1).third is not whole(1).third
    assert len({_OURS["One"](1), _OURS["One"](1), _OURS["One"](2)}) == 2
    assert whole(3).twice == 6


_Found = _OURS["Whole"]
_Found.__qualname__ = "_Found"


def test_it_goes_through_pickle() -> None:
    """As records do that go to another process."""
    assert pickle.loads(pickle.dumps(_Found(1, "y"))) == _Found(1, "y")  # noqa: S301 - our own


def test_nothing_is_added_to_it() -> None:
    """A name that is no field is refused like one that is."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        _OURS["One"](1).other = 2
