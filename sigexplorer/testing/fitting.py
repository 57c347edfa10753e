"""What an argument of Django's own signals can be at all: what it never is, no assertion is about."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sigexplorer.capture import words
from sigexplorer.capture.keeping import ATOMS, COLLECTIONS
from sigexplorer.errors import UsageError

__tracebackhide__ = True

_NUMBERS = (bool, int, float, Decimal)

#: How a type of the catalogue begins, and what is of it.
_SETS, _MAPPINGS = (set, frozenset), (dict,)
_BY_NAME: dict[str, tuple[type, ...]] = {
    "None": (type(None),),
    "bool": _NUMBERS,  # as 1 == True
    "int": _NUMBERS,
    "str": (str,),
    "type": (type,),
    "set": _SETS,
    "frozenset": _SETS,
    "dict": _MAPPINGS,
    "list": (list,),
    "tuple": (tuple,),
    "Any": (object,),
}

_OF_MODELS = frozenset({"Model", "AbstractBaseUser"})


def check_type(signal: str, name: str, wanted: Any, kinds: set[str]) -> None:
    """Raise where an argument of these types, as the catalogue tells them, is never what is wanted."""
    if not kinds or any(_fits(wanted, one) for kind in kinds for one in kind.split(" | ")):
        return
    told = words.describe(wanted) if type(wanted) is str else words.value(wanted, name)
    hint = " | ".join(sorted(kinds)).replace("frozenset[str]", "a set of names")
    raise UsageError(f"'{name}' of {signal} is never {told}", f"what it can be: {hint}")


def _fits(wanted: Any, kind: str) -> bool:
    is_model = _is_model(wanted)
    if kind in _OF_MODELS and is_model:
        return True
    if not is_model and not isinstance(wanted, (*ATOMS, *COLLECTIONS, type)):
        return True  # an object may compare as it likes
    base = kind.partition("[")[0]
    if isinstance(wanted, str) and base not in ("bool", "int", "str", "None"):
        return wanted[:1] in ("<", "{", "[", "(") or base == "Any"  # the words that a trace shows
    return isinstance(wanted, _BY_NAME.get(base, ())) and not (base == "bool" and wanted not in (0, 1))


def _is_model(wanted: Any) -> bool:
    from django.db.models import Model

    return isinstance(wanted, Model)
