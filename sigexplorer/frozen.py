"""Frozen dataclasses with slots, made in a third of the time: a command makes sixty before it answers.

``dataclasses`` writes six methods of each class as text and lets Python compile them. Here only
``__init__`` is made so, where it is called; the others need no more than the names of the fields.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

_ANEW: Any = object()  # the default of what is made anew for each instance


def _dataclass(*, frozen: bool, slots: bool) -> Callable[[type], type]:
    assert frozen  # noqa: S101 - there are no others; it is said for readers and type checkers
    assert slots  # noqa: S101
    return _made


__all__ = ("dataclass",)

if TYPE_CHECKING:  # who checks types knows it as what it is
    from dataclasses import dataclass
else:
    dataclass = _dataclass


def _made(bare: type) -> type:
    made: type = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(bare)
    fields = dataclasses.fields(made)
    own = (
        _init(made, fields),
        _repr([field.name for field in fields if field.repr]),
        *_alike([field.name for field in fields if field.compare]),
    )
    for method in own:
        method.__qualname__ = f"{made.__qualname__}.{method.__name__}"  # as messages name it
    for name, function in {**_SHARED, **{method.__name__: method for method in own}}.items():
        if vars(bare).get(name) is None:  # a class that says what is equal has None for its hash
            setattr(made, name, function)
    return made


def _init(made: type, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """Return what compiles ``__init__`` when it is called first: most classes are never called."""

    def __init__(*given: Any, **named: Any) -> None:  # noqa: N807 - of the class that is made
        init = _compiled(made, fields)
        init.__qualname__ = __init__.__qualname__
        setattr(made, "__init__", init)  # noqa: B010 - not what mypy thinks of it
        init(*given, **named)

    return __init__


def _compiled(made: type, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """Compile ``__init__`` in the module of the class, where its annotations are names."""
    given: dict[str, Any] = {"_anew": _ANEW, "_set": object.__setattr__}
    taken, lines = [], []
    for each in fields:
        name = value = each.name
        default = each.default
        if each.default_factory is not dataclasses.MISSING:
            default, given[f"_make_{name}"] = _ANEW, each.default_factory
            value = f"_make_{name}() if {name} is _anew else {name}"
        if default is not dataclasses.MISSING:
            given[f"_default_{name}"] = default
        taken.append(name if default is dataclasses.MISSING else f"{name}=_default_{name}")
        lines.append(f"  _set(self, {name!r}, {value})")
    text = "\n".join(
        [
            f"def make({', '.join(given)}):",
            f" def __init__(self, {', '.join(taken)}):",
            *lines,
            " return __init__",
        ]
    )
    found: dict[str, Any] = {}
    exec(text, vars(sys.modules[made.__module__]), found)  # noqa: S102 - as dataclasses does, names of our own
    init: Callable[..., None] = found["make"](**given)
    init.__annotations__ = {**{each.name: each.type for each in fields}, "return": None}
    return init


def _repr(names: list[str]) -> Callable[[Any], str]:
    @recursive_repr()
    def __repr__(self: Any) -> str:  # noqa: N807 - of the class that is made
        told = ", ".join([f"{name}={getattr(self, name)!r}" for name in names])
        return f"{self.__class__.__qualname__}({told})"

    return __repr__


def _alike(names: list[str]) -> tuple[Callable[..., Any], ...]:
    get = attrgetter(*names) if names else lambda _: ()
    values: Callable[[Any], Any] = get if len(names) != 1 else lambda self: (get(self),)

    def __eq__(self: Any, other: object) -> Any:  # noqa: N807 - as above
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807 - as above
        return hash(values(self))

    return __eq__, __hash__


def _set(_self: Any, name: str, _value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(_self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[object]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _restore(self: Any, state: list[object]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=False):
        object.__setattr__(self, each.name, value)


#: What is the same for each class: nothing is set or deleted, but when a copy of an instance is made.
_SHARED = {"__setattr__": _set, "__delattr__": _delete, "__getstate__": _state, "__setstate__": _restore}
