"""What a class is, and what its instances hold, without running anybody's code."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

from sigexplorer.capture.going import referred

_NAME_LIMIT = 300

_qualname = type.__dict__["__qualname__"].__get__
_module = type.__dict__["__module__"].__get__
_type_dict = type.__dict__["__dict__"].__get__
_mro = type.__dict__["__mro__"].__get__


def plain(text: Any) -> str:
    """Return the name of a piece of code: bounded, and no secret whatever it looks like."""
    if type(text) is str and len(text) <= _NAME_LIMIT and text.isascii():
        return text
    if not issubclass(type(text), str):
        return "?"
    return str.__str__(text)[:_NAME_LIMIT].encode("utf-8", "backslashreplace").decode()


def class_path(cls: type) -> str:
    """Return ``module.Qualname`` of a class."""
    return f"{plain(_module(cls))}.{plain(_qualname(cls))}"


def attribute(thing: Any, name: str) -> Any:
    """Return what the instance itself holds under ``name``, in its dict or a slot, else None."""
    kind = type(thing)
    known = class_of(kind)
    slot = known.slots.get(name)
    if slot is not None:
        try:
            return _type_dict(_mro(kind)[slot])[name].__get__(thing)
        except AttributeError:  # an empty one
            return None
    found = None if known.own is None else _type_dict(_mro(kind)[known.own])["__dict__"].__get__(thing)
    return found.get(name) if type(found) is dict else None


def contents(thing: Any) -> dict[str, Any]:
    """Return a copy of what a class, or an object in its own dict, holds by name."""
    kind = type(thing)
    if issubclass(kind, type):
        return dict(_type_dict(thing))
    for base in _mro(kind):
        own = _type_dict(base).get("__dict__")
        if type(own) is GetSetDescriptorType or type(own) is MemberDescriptorType:  # the latter a module's
            found = own.__get__(thing)
            return dict(found) if type(found) is dict else {}
    return {}


def declared(thing: Any, name: str) -> Any:
    """Return what the instance itself holds under ``name``, else its class, else None."""
    own = attribute(thing, name)
    return class_attribute(type(thing), name) if own is None else own


def is_a(thing: Any, path_of_class: str) -> bool:
    """Whether ``thing`` is an instance of the class with that path, without asking it."""
    return has_base(type(thing), path_of_class)


def has_base(cls: type, path_of_class: str) -> bool:
    """Whether a class, or one of its bases, has that path."""
    return path_of_class in class_of(cls).paths


class Class:
    """What is known of a class, as long as it has these bases: to read it each time takes long."""

    __slots__ = ("bases", "label", "own", "paths", "primary", "reference", "secret", "slots")

    def __init__(self, cls: type, reference: weakref.ref[type]) -> None:
        bases = _mro(cls)
        self.bases = id(bases)  # another tuple once ``__bases__`` was assigned
        self.paths = tuple([class_path(base) for base in bases])  # of itself and its bases, nearest first
        self.label: str | None = None  # of a model
        self.primary: str | None = None  # of a model whose key can be read at once: its name in the dict
        self.secret: str | None = None  # the same of a model whose key is not to be told
        # Which base has a slot of that name, and which the dict of an instance: what stands
        # there would keep the class alive.
        self.slots: dict[Any, int] = {}
        self.own: int | None = None
        self.reference = reference  # tells when the class goes, and its id may come again
        self._read_places(cls)

    def _read_places(self, cls: type) -> None:
        for number, base in enumerate(_mro(cls)):
            held = _type_dict(base)
            for name, one in held.items():
                if type(one) is MemberDescriptorType and type(name) is str:
                    self.slots.setdefault(name, number)
            if type(held.get("__dict__")) is GetSetDescriptorType:
                self.own = number
                return


#: By id, because asking a class for its hash or for equality may run a metaclass's code.
CLASSES: dict[int, Class] = {}


def class_of(cls: type) -> Class:
    """Return what is known of a class."""
    known = CLASSES.get(id(cls))
    if known is None or known.bases != id(_mro(cls)):
        key = id(cls)
        reference = referred(cls, lambda _reference: CLASSES.pop(key, None))
        known = CLASSES[key] = Class(cls, reference)
    return known


def class_attribute(cls: type, name: str) -> Any:
    """Return what a class, or the nearest of its bases, holds under ``name``, else None."""
    return next((_type_dict(base)[name] for base in _mro(cls) if name in _type_dict(base)), None)


def namespaces(cls: type) -> Iterator[Mapping[str, Any]]:
    """Yield what a class holds, and what each of its bases does, the nearest first."""
    return (_type_dict(base) for base in _mro(cls))


def is_plain(model: type) -> bool:
    """Whether reading ``instance.__dict__`` of a model runs no code of the project's."""
    return (
        class_attribute(model, "__getattribute__") is object.__getattribute__
        and type(class_attribute(model, "__dict__")) is GetSetDescriptorType
    )


def subclasses(cls: type) -> Iterator[type]:
    """Yield the classes made of ``cls``, and those made of them."""
    made: list[type] = type.__subclasses__(cls)
    for subclass in made:
        yield subclass
        yield from subclasses(subclass)
