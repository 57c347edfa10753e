"""Objects that notice whatever is done to them.

While ``alert()`` is on, each of their methods notes that it was called and raises something
that nobody catches by mistake; before and after it they behave, so that they can be made, put
into collections and thrown away.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import functools
import pathlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import AppConfig
from django.apps.registry import Apps
from django.db import models
from django.db.models import QuerySet
from django.db.models.base import ModelBase
from django.dispatch import Signal
from django.http import HttpRequest
from django.template import Template
from django.utils.functional import SimpleLazyObject

from blog.models import Tag


class TouchedError(BaseException):
    """Somebody ran the code of the observed program."""


TOUCHED: list[str] = []
_ALERT = {"on": False, "raising": True}


@contextmanager
def alert(*, raising: bool = True) -> Iterator[list[str]]:
    """Note every method that is called inside, and let it fail, or only note it."""
    TOUCHED.clear()
    _ALERT.update(on=True, raising=raising)
    try:
        yield TOUCHED
    finally:
        _ALERT["on"] = False


def touched(name: str) -> None:
    """Note a call, and raise, if anybody is to hear of it."""
    if _ALERT["on"]:
        TOUCHED.append(name)
        if _ALERT["raising"]:
            raise TouchedError(name)


#: Everything that Python, or a careless observer, may call on an object without being asked to.
NAMES = (  # noqa: SIM905 - a list would be a page long
    "__getattribute__ __str__ __repr__ __format__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __hash__ "
    "__len__ __length_hint__ __iter__ __next__ __reversed__ __contains__ __getitem__ __bool__ __int__ "
    "__index__ __float__ __complex__ __bytes__ __fspath__ __dir__ __sizeof__ __reduce_ex__ __copy__ "
    "__deepcopy__ __call__ __enter__ __get__ __set_name__ __instancecheck__ __subclasscheck__ "
    "items keys values __missing__ isoformat utcoffset hex as_posix resolve_expression"
).split()

#: What is found by ``__getattr__`` alone.
FALLBACK = "__getattr__"


def _trap(name: str, found: Any) -> Callable[..., Any]:
    def method(self: Any, *positional: Any, **named: Any) -> Any:
        touched(name)
        if found is None:
            raise AttributeError(name)
        return found(self, *positional, **named)

    return method


def _traps(base: type) -> dict[str, Any]:
    """Return a method for each name that the base has, or that would be asked for; and lying properties."""
    traps: dict[str, Any] = {}
    for name in NAMES:
        found = getattr(base, name, None)
        if found is not None or name in ("__len__", "__iter__", "__bool__", "__fspath__"):
            traps[name] = _trap(name, found)
    traps[FALLBACK] = _trap(FALLBACK, getattr(base, FALLBACK, None))
    traps["__class__"] = property(_trap("__class__", type))
    if "__len__" in traps and not hasattr(base, "__len__"):
        traps["__len__"] = _trap("__len__", lambda _self: 3)
    if "__bool__" in traps and not hasattr(base, "__bool__"):
        traps["__bool__"] = _trap("__bool__", lambda _self: True)
    return traps


class TrapType(type):
    """A metaclass whose classes notice too."""

    def __getattribute__(cls, name: str) -> Any:
        """Notice any question."""
        touched(f"type.__getattribute__ {name}")
        return super().__getattribute__(name)

    def __repr__(cls) -> str:
        """Notice."""
        touched("type.__repr__")
        return super().__repr__()

    def __eq__(cls, other: object) -> bool:
        """Notice."""
        touched("type.__eq__")
        return cls is other

    def __hash__(cls) -> int:
        """Notice."""
        touched("type.__hash__")
        return super().__hash__()

    def __instancecheck__(cls, instance: object) -> bool:
        """Notice."""
        touched("type.__instancecheck__")
        return super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        """Notice."""
        touched("type.__subclasscheck__")
        return super().__subclasscheck__(subclass)

    def __iter__(cls) -> Iterator[Any]:
        """Never end."""
        touched("type.__iter__")
        return iter(int, 1)

    def __len__(cls) -> int:
        """Lie."""
        touched("type.__len__")
        return 0

    def __bool__(cls) -> bool:
        """Notice."""
        touched("type.__bool__")
        return True

    def __call__(cls, *positional: Any, **named: Any) -> Any:
        """Notice."""
        touched("type.__call__")
        return super().__call__(*positional, **named)

    @property
    def __name__(cls) -> str:
        """Lie."""
        touched("type.__name__")
        return "Liar"


def hostile(base: type, *, metaclass: type = type) -> type:
    """Make a subclass of ``base`` every method of which notices that it is called."""
    name = f"Hostile{base.__name__.title()}"
    return metaclass(name, (base,), _traps(base) | {"__module__": "hostile_things"})


class Shade(enum.Enum):
    """A member of this one has methods that notice."""

    DARK = "dark"

    def __str__(self) -> str:
        """Notice."""
        touched("__str__")
        return "str"

    __repr__ = __str__

    def __format__(self, _spec: str) -> str:
        """Notice."""
        touched("__format__")
        return "format"

    @property
    def value(self) -> str:
        """Notice."""
        touched("value")
        return "value"


class Zone(dt.tzinfo):
    """A time zone whose offset somebody else computes."""

    def utcoffset(self, _when: dt.datetime | None) -> dt.timedelta:
        """Notice."""
        touched("utcoffset")
        return dt.timedelta(hours=1)

    def dst(self, _when: dt.datetime | None) -> None:
        """Notice."""
        touched("dst")

    def tzname(self, _when: dt.datetime | None) -> str:
        """Notice."""
        touched("tzname")
        return "there"


def _with_own_dict(base: type) -> type:
    """Make a class whose ``__dict__`` is computed, as those of proxies are."""

    def own(self: Any) -> dict[str, Any]:
        touched("__dict__")
        return {"__wrapped__": self}

    return type(f"Proxy{base.__name__}", (base,), {"__dict__": property(own), "__call__": lambda _self: None})


def _lying_class() -> type:
    """Make a class that says that it is Django's ``Model``, and is none."""
    lie = type("Model", (), _traps(object))
    lie.__module__ = "django.db.models.base"
    return lie


def _request(**attributes: Any) -> HttpRequest:
    request = HttpRequest()
    request.__dict__.update(attributes)
    return request


def _lazy_of_itself() -> SimpleLazyObject:
    lazy = SimpleLazyObject(lambda: None)
    lazy.__dict__["_wrapped"] = lazy
    return lazy


def _error_of_itself() -> Exception:
    problem = ValueError()
    problem.args = (problem,)
    return problem


def _chain_of_errors() -> Exception:
    problem = ValueError("deepest")
    for _ in range(5_000):
        problem = ValueError(problem)
    return problem


def _app(label: object) -> AppConfig:
    app = object.__new__(AppConfig)
    app.__dict__["label"] = label
    return app


def _model_instance() -> Any:
    """Make an instance of a model with methods that notice, in a registry of its own."""
    meta = type("Meta", (), {"apps": Apps(), "app_label": "blog"})
    members = {"__module__": "blog.models", "Meta": meta, "name": models.TextField()}
    kind = type("HostileModel", (models.Model,), members)
    for name, method in _traps(models.Model).items():
        if name not in ("__class__", "__get__", "__set_name__", "resolve_expression"):
            setattr(kind, name, method)
    return kind(pk=7, name="a")


class TrapModelType(TrapType, ModelBase):
    """A metaclass of models that notices."""


@functools.cache
def _trap_model() -> Any:
    meta = type("Meta", (), {"apps": Apps(), "app_label": "blog"})
    members = {"__module__": "blog.models", "Meta": meta, "name": models.TextField()}
    return TrapModelType("TrapModel", (models.Model,), members)


def _instances() -> dict[str, Callable[[], Any]]:
    made: dict[type, tuple[Any, ...]] = {
        object: (),
        str: ("text",),
        int: (7,),
        float: (7.5,),
        complex: (1j,),
        bytes: (b"bytes",),
        bytearray: (b"bytes",),
        list: ([1, 2],),
        tuple: ([1, 2],),
        dict: ({"a": 1},),
        set: ([1, 2],),
        frozenset: ([1, 2],),
        Exception: ("message", 1),
        dt.datetime: (2026, 11, 20),
        dt.date: (2026, 11, 20),
        dt.time: (1, 2),
        dt.timedelta: (1,),
        decimal.Decimal: ("1.5",),
        uuid.UUID: ("12345678-1234-5678-1234-567812345678",),
        pathlib.PurePosixPath: ("a/b",),
        functools.partial: (len,),
        HttpRequest: (),
        SimpleLazyObject: (dict,),
        QuerySet: (Tag,),
        Template: ("text",),
        Signal: (),
    }
    return {
        f"hostile {base.__name__}": functools.partial(_made, base, arguments)
        for base, arguments in made.items()
    }


def _made(base: type, arguments: tuple[Any, ...]) -> Any:
    return hostile(base)(*arguments)


def _instance_of(make: Callable[..., type], *arguments: Any, **named: Any) -> Any:
    return make(*arguments, **named)()


#: By what it is: a function that makes something hostile.
HOSTILE: dict[str, Callable[[], Any]] = {
    **_instances(),
    "hostile class": lambda: hostile(object, metaclass=TrapType),
    "instance of a hostile class": functools.partial(_instance_of, hostile, object, metaclass=TrapType),
    "hostile class of str": lambda: hostile(str, metaclass=TrapType),
    "lying class": _lying_class,
    "instance of a lying class": functools.partial(_instance_of, _lying_class),
    "class with a hostile name": lambda: type("A", (), {"__qualname__": hostile(str)("Hostile")}),
    "class in a hostile module": lambda: type("A", (), {"__module__": hostile(str)("module")}),
    "class in no module": lambda: type("A", (), {"__module__": None}),
    "proxy with a __dict__ of its own": functools.partial(_instance_of, _with_own_dict, object),
    "error with a __dict__ of its own": lambda: _with_own_dict(Exception)("message"),
    "request with a __dict__ of its own": functools.partial(_instance_of, _with_own_dict, HttpRequest),
    "hostile enum": lambda: Shade.DARK,
    "datetime in a hostile zone": lambda: dt.datetime(2026, 11, 20, tzinfo=Zone()),
    "time in a hostile zone": lambda: dt.time(1, 2, tzinfo=Zone()),
    "request with a hostile method": lambda: _request(method=hostile(object)(), path="/"),
    "request with a hostile path": lambda: _request(method="GET", path=hostile(str)("/")),
    "request with a lazy method": lambda: _request(method=SimpleLazyObject(lambda: touched("lazy"))),
    "queryset of a hostile model": lambda: QuerySet(hostile(object)()),
    "queryset of a hostile class": lambda: QuerySet(hostile(object, metaclass=TrapType)),
    "app with a hostile label": lambda: _app(hostile(str)("label")),
    "app with an object for a label": lambda: _app(hostile(object)()),
    "model instance": _model_instance,
    "hostile class of models": _trap_model,
    "instance of a hostile class of models": functools.partial(_instance_of, _trap_model),
    "queryset of a hostile class of models": lambda: QuerySet(_trap_model()),
    "error with hostile arguments": lambda: ValueError(hostile(object)(), hostile(str)("text")),
    "error whose arguments are itself": _error_of_itself,
    "error of an error of an error": _chain_of_errors,
    "error group with a hostile error": lambda: ExceptionGroup("two", [hostile(Exception)("one")]),
    "lazy object that wraps itself": _lazy_of_itself,
    "evaluated lazy object": lambda: _evaluated(hostile(object)()),
    "unevaluated lazy object": lambda: SimpleLazyObject(lambda: touched("evaluated")),
    "partial of a hostile function": lambda: functools.partial(hostile(object)(), hostile(str)("text")),
    "method of a hostile object": lambda: _method_of(hostile(object)()),
    "function in a hostile module": lambda: _function_in(hostile(str)("module")),
}


def _evaluated(thing: Any) -> SimpleLazyObject:
    lazy = SimpleLazyObject(lambda: thing)
    lazy._setup()
    return lazy


def _method_of(thing: Any) -> Any:
    return functools.partial(pathlib.Path.exists, thing).__call__


def _function_in(module: Any) -> Callable[[], None]:
    def function() -> None:
        """Do nothing."""

    function.__module__ = module
    return function
