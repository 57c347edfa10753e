"""``dataclass`` of the standard library, made in a fourth of its time where it is frozen and has slots.

It compiles six methods for each class, which is most of what many of our modules take to be
imported. Here one is compiled; the others are the same functions for all. What comes of it is a
dataclass like any other: fields, order, defaults, ``replace``, ``asdict``, equality, hash, text.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

_set = object.__setattr__


class _Missing:
    """Stands for a value that is made anew each time."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Missing()


#: What a class may say itself: then all is left to the standard library.
_OWN = frozenset({
    "__post_init__", "__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__",
    "__getstate__", "__setstate__",
})  # fmt: skip


def _made(cls: type[Any]) -> type[Any]:
    if not _OWN.isdisjoint(vars(cls)) or any(dataclasses.is_dataclass(base) for base in cls.__mro__[1:]):
        return dataclasses.dataclass(frozen=True, slots=True)(cls)
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    fields = dataclasses.fields(made)
    made.__init__ = _init(made, fields)
    names = [field.name for field in fields]
    _compare(made, names)
    _freeze(made, frozenset(names))
    shown = [field.name for field in fields if field.repr]

    @recursive_repr()
    def __repr__(self: Any) -> str:  # noqa: N807 - as Python calls it
        told = ", ".join([f"{name}={getattr(self, name)!r}" for name in shown])
        return f"{type(self).__qualname__}({told})"

    made.__repr__ = __repr__
    for option in ("init", "repr", "eq", "frozen"):  # whoever makes a dataclass of it looks there
        setattr(made.__dataclass_params__, option, True)
    return made  # type: ignore[no-any-return] # a class


def _init(cls: type[Any], fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """Compile what sets every field."""
    known: dict[str, Any] = {"_set": _set, "_FACTORY": _FACTORY}
    parameters, lines = [], []
    for field in fields:
        name = value = field.name
        if field.default is not dataclasses.MISSING:
            known[f"_default_{name}"] = field.default
            parameters.append(f"{name}=_default_{name}")
        elif field.default_factory is not dataclasses.MISSING:
            known[f"_make_{name}"] = field.default_factory
            parameters.append(f"{name}=_FACTORY")
            value = f"_make_{name}() if {name} is _FACTORY else {name}"
        else:
            parameters.append(name)
        lines.append(f"\n _set(self, {name!r}, {value})")
    text = f"def __init__(self, {', '.join(parameters)}):{''.join(lines) or ' pass'}"
    exec(text, known)  # noqa: S102 - as dataclasses do
    init: Any = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__module__ = cls.__module__
    init.__annotations__ = {**{field.name: field.type for field in fields}, "return": None}
    return init  # type: ignore[no-any-return] # a function


def _compare(cls: type[Any], names: list[str]) -> None:
    values: Callable[[Any], Any] = attrgetter(*names) if len(names) > 1 else _values(names)

    def __eq__(self: Any, other: object) -> Any:  # noqa: N807 - as Python calls it
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807 - as Python calls it
        return hash(values(self))

    setattr(cls, "__eq__", __eq__)  # noqa: B010 - not what mypy thinks of it
    setattr(cls, "__hash__", __hash__)  # noqa: B010 - as above


def _values(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda held: tuple([getattr(held, name) for name in names])


def _freeze(cls: type[Any], names: frozenset[str]) -> None:
    def __setattr__(self: Any, name: str, value: object) -> None:  # noqa: N807 - as Python calls it
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: Any, name: str) -> None:  # noqa: N807 - as Python calls it
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    def __getstate__(self: Any) -> list[Any]:  # noqa: N807 - as Python calls it
        return [getattr(self, field.name) for field in dataclasses.fields(self)]

    def __setstate__(self: Any, state: list[Any]) -> None:  # noqa: N807 - as Python calls it
        for field, value in zip(dataclasses.fields(self), state, strict=True):
            _set(self, field.name, value)

    for method in (__setattr__, __delattr__, __getstate__, __setstate__):
        setattr(cls, method.__name__, method)


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - what it is taken for
else:

    def dataclass(cls=None, /, **options):  # noqa: ANN001, ANN003, ANN201 - as dataclasses say
        """Make a dataclass, by the options of the standard library's."""
        if options != {"frozen": True, "slots": True}:
            return dataclasses.dataclass(cls, **options)
        return _made if cls is None else _made(cls)
