"""Whether Django's call of a receiver is one that its function can take, read from its parameters.

Source: ``Signal.connect`` and ``Signal.send``, ``django/dispatch/dispatcher.py``: what is no
coroutine function is called as a sync one, with everything by name.
"""

from __future__ import annotations

import contextlib
import functools
import re
from types import CodeType, FunctionType, MethodType
from typing import Any, NamedTuple

from sigexplorer import catalog
from sigexplorer.answers import Check
from sigexplorer.capture.words import class_attribute
from sigexplorer.project.case import Case, Standing
from sigexplorer.project.evidence import answer
from sigexplorer.project.running import heard

_QUESTION = "can Django call it?"

# Flags of a code object.
_ANY_PLACES = 0x04
_KEYWORDS = 0x08
_GENERATOR = 0x20 | 0x200  # sync or async
_COROUTINE = 0x80

_OF_METHODS = ("self", "cls")
_DEEPEST = 20  # a partial of a method of …


class _Called(NamedTuple):
    """The function that runs in the end, and what it is given beside what Django gives."""

    function: Any  # a FunctionType
    by_place: int = 0  # the object of a method, what a partial gives by place
    by_name: frozenset[str] = frozenset()  # what a partial gives by name
    is_partial: bool = False


class _Fault(NamedTuple):
    what: str
    fix: str
    runs_nothing: bool = False  # the call succeeds, and the body is not run


def callable_as_receiver(case: Case) -> Check:
    """See whether calling it with a signal's arguments runs its body."""
    returned = {dispatch.signal for dispatch, call in _calls(case) if call.outcome == "returned"}
    for one in case.standing:
        found = _called(one.registration.receiver)
        fault = _fault(found, one) if found else None
        if fault is not None and (fault.runs_nothing or one.named.path not in returned):
            return answer("callable", _QUESTION, "failed", fault.what, fix=fault.fix)
    for dispatch, call in _calls(case):
        if call.error and _is_of_the_call(call.error, case):
            what = f"in {dispatch.name} of {dispatch.sender} the call itself raised {call.error}"
            return answer("callable", _QUESTION, "failed", what, at=[dispatch.origin], fix=_TAKE_LESS)
        if call.result == _COROUTINE_TOLD and not call.is_async:
            what = f"in {dispatch.name} of {dispatch.sender} it returned a coroutine, which nobody awaits"
            return answer("callable", _QUESTION, "failed", what, at=[dispatch.origin], fix=_MAKE_ASYNC)
    return answer("callable", _QUESTION, "ok" if case.standing else "skipped")


#: How a run tells of a result that waits to be awaited.
_COROUTINE_TOLD = "<coroutine>"
_MAKE_ASYNC = "make it async def and await that in it, or run the coroutine with async_to_sync"


_TAKE_LESS = "take only what every send gives, or give the other parameters a default"


def _is_of_the_call(error: str, case: Case) -> bool:
    """Whether an error says that the function could not be called so: no line of it ran."""
    last = case.name.removesuffix(".__call__").rpartition(".")[2]
    found = [_called(one.registration.receiver) for one in case.standing]
    names = {last, "__call__"} | {one.function.__code__.co_name for one in found if one}
    named = "|".join(map(re.escape, names))
    said = rf"TypeError: (?:[\w.<>]+\.)?(?:{named})(?:\(\))? (?:missing|got|takes|requires) "
    return re.match(said, error) is not None


def _calls(case: Case) -> Any:
    return heard(case, case.trace) if case.trace is not None else []


def _called(receiver: Any) -> _Called | None:
    """Return the Python function under partials, methods and objects; None where there is none."""
    by_place, by_name, is_partial = 0, set[str](), False
    for _ in range(_DEEPEST):
        kind = type(receiver)
        if kind is FunctionType:
            return _Called(receiver, by_place, frozenset(by_name), is_partial)
        if kind is functools.partial:
            by_place += len(receiver.args)
            by_name |= receiver.keywords.keys()
            is_partial |= bool(receiver.args)
            receiver = receiver.func
        elif kind is MethodType or kind is classmethod:
            by_place, receiver = by_place + 1, receiver.__func__
        elif kind is staticmethod:
            receiver = receiver.__func__
        elif issubclass(kind, type):  # which makes an object
            return None
        else:
            receiver = class_attribute(kind, "__call__")
            by_place += type(receiver) is FunctionType
    return None


@contextlib.contextmanager
def _context() -> Any:
    yield


@contextlib.asynccontextmanager
async def _async_context() -> Any:
    yield


class _Single:
    method = functools.singledispatchmethod(_called)


#: What the standard library makes of functions: of each decorator one code for all of them.
_OF_CONTEXTS = (_context.__code__, _async_context.__code__)
_OF_SINGLE = tuple(
    getattr(made, "__code__", None) or class_attribute(type(made), "__call__").__code__
    for made in (functools.singledispatch(_called), _Single().method)
)


def _of_library(found: _Called) -> _Fault | None:
    """Tell what such a call does where a decorator of the standard library made the function."""
    code = found.function.__code__
    if code in _OF_CONTEXTS:
        what = "it is a context manager: calling it runs nothing of it, for Django never enters it"
        return _Fault(what, "take the decorator off and the yield out", runs_nothing=True)
    if code in _OF_SINGLE and found.by_place <= code.co_argcount:  # nothing but its own object
        return _Fault(
            "it is a singledispatch function, which wants something by place, and Django gives everything"
            " by name: every send raises an error",
            "connect a plain function that calls it with its first argument by place",
        )
    return None


def _fault(found: _Called, one: Standing) -> _Fault | None:
    """Tell why such a call fails, or runs nothing."""
    of_library = _of_library(found)
    if of_library is not None:
        return of_library
    flags = found.function.__code__.co_flags
    if flags & _GENERATOR:
        what = "it is a generator function: calling it runs nothing of it"
        return _Fault(what, "take the yield out", runs_nothing=True)
    if flags & _COROUTINE and not one.registration.is_async:
        what = "its __call__ is async, but Django takes the object for sync: the coroutine is never awaited"
        return _Fault(what, "connect the method obj.__call__, or an async function", runs_nothing=True)
    page = next((page for page in catalog.PAGES if page.path == one.named.path), None)
    given = {"signal", "sender"} | ({one.name for one in page.arguments} if page else set())
    if not flags & _KEYWORDS and not (page and given.issubset(_parameters(found.function.__code__))):
        return _Fault("it takes no **kwargs: every send raises TypeError", "add **kwargs to its parameters")
    taken = _taken(found, given)
    if taken is not None:
        return _given_twice(found, taken)
    missing = _missing(found, given, known=page is not None)
    return _lacking(one, missing) if missing else None


def _parameters(code: CodeType) -> tuple[str, ...]:
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _taken(found: _Called, given: set[str]) -> str | None:
    """Return the parameter that is given by place and by name; empty where there is no place for all."""
    code = found.function.__code__
    if found.by_place > code.co_argcount:
        return None if code.co_flags & _ANY_PLACES else ""
    names = code.co_varnames[code.co_posonlyargcount : found.by_place]
    return next((name for name in names if name in given), None)


def _given_twice(found: _Called, name: str) -> _Fault:
    parameter = f"'{name}'" if name else "something"
    what = f"gets {parameter} by place"
    once = f"and Django gives '{name}' by name" if name else "and takes nothing so"
    if found.is_partial:
        return _Fault(
            f"it {what} from a partial, {once}: every send raises TypeError",
            "let the partial give it by name, under a name that no signal gives",
        )
    return _Fault(
        f"it is a method without 'self': it {what}, as the object that it is called on, {once}:"
        " every send raises TypeError",
        "make 'self' its first parameter, or make it a @staticmethod",
    )


def _missing(found: _Called, given: set[str], *, known: bool) -> list[str]:
    """Return the parameters that a function must be given, and that no send of the signal gives."""
    function, code = found.function, found.function.__code__
    required = code.co_varnames[found.by_place : code.co_argcount - len(function.__defaults__ or ())]
    only_by_place = code.co_varnames[found.by_place : code.co_posonlyargcount]  # Django gives all by name
    keyword = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    required += tuple(name for name in keyword if name not in (function.__kwdefaults__ or {}))
    return [
        name
        for name in required
        if name in only_by_place
        or (name not in found.by_name and (name not in given if known else name in _OF_METHODS))
    ]


def _lacking(one: Standing, missing: list[str]) -> _Fault:
    lacking = " and ".join(f"'{name}'" for name in missing)
    if missing[0] in _OF_METHODS:
        return _Fault(
            f"it is a method, connected as a plain function without {lacking}: every send raises TypeError",
            "connect the method of an object or of the class outside of the class, or make it a function",
        )
    return _Fault(
        f"{one.named.name} does not give it {lacking}: every send raises TypeError",
        f"take {lacking} out of its parameters, give it a default, or get it from **kwargs",
    )
