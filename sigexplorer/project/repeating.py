"""Whether one send calls a receiver more than once: by several keys, by several objects or functions."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from sigexplorer.answers import Check, State
from sigexplorer.capture import receivers
from sigexplorer.capture.senders import shown
from sigexplorer.capture.uids import uid_of
from sigexplorer.capture.words import plain
from sigexplorer.project.case import Case, Standing
from sigexplorer.project.evidence import answer, written


def once(case: Case) -> Check:
    """See whether one send would call it more than once."""
    question = "is it connected only once?"
    alive = [one for one in case.facts.standing if one.registration.receiver is not None]
    twins = [one for one in alive if any(_same(one, ours) for ours in case.standing)]
    doubled = [
        one
        for one in twins
        if any(one is not other and _same(one, other) and _overlap(one, other) for other in twins)
    ]
    if not doubled:
        several = list(_by_several(case))
        state: State = "noted" if several else "ok" if case.standing else "skipped"
        return answer("once", question, state, *several)
    what = f"connected {len(doubled)} times to {doubled[0].named.name}"
    fix = _how_to_connect_once(doubled)
    said = (_key(one, case) for one in doubled)
    at = [one.event.at for one in doubled if one.event]
    return answer("once", question, "failed", what, *said, at=at, fix=fix)


def _how_to_connect_once(doubled: list[Standing]) -> str:
    if len({one.receiver.name for one in doubled}) > 1:
        return "import its file by one name only"
    if len({id(_function(one)) for one in doubled}) > 1:
        return (
            "it is another function each time: define it once, outside of the loop or call, and connect that"
        )
    if len({one.registration.sender_id for one in doubled}) > 1:  # which is in the key, beside the uid
        return "connect it once: for every sender, or for those that it is meant for"
    return "connect it once, or give each the same dispatch_uid"


def _by_several(case: Case) -> Iterator[str]:
    """Say where one send calls several objects, or functions, of that name, each of which is meant."""
    for signal in dict.fromkeys(one.named.name for one in case.standing):
        of_signal = [one for one in case.standing if one.named.name == signal]
        apart = [
            one
            for one in of_signal
            if any(_overlap(one, other) and _apart(one, other) for other in of_signal)
        ]
        objects = {id(held) for one in apart if (held := _object(one)) is not None}
        functions = {(id(_function(one)), *_given(one)) for one in apart}
        if len(objects) > 1:
            yield f"{signal}: by {len(objects)} objects, each of which is called"
        elif len(functions) > 1:
            yield f"{signal}: by {len(functions)} functions of that name, each of which is called"


def _apart(one: Standing, other: Standing) -> bool:
    if _object(one) is not _object(other) or _function(one) is not _function(other):
        return True
    return _given(one) != _given(other)


def _given(one: Standing) -> list[tuple[str, int]]:
    return _given_to(one.registration.receiver)


def _given_to(receiver: Any) -> list[tuple[str, int]]:
    """Return the names and identities of what partials give to the function."""
    partials = [layer for layer in receivers.layers(receiver) if type(layer) is functools.partial]
    by_place = [("", id(held)) for partial in partials for held in partial.args]
    by_name = [(plain(name), id(held)) for partial in partials for name, held in partial.keywords.items()]
    return by_place + sorted(by_name)


def _function(one: Standing) -> Any:
    return receivers.innermost(one.registration.receiver)


def _object(one: Standing) -> Any:
    return _object_of(one.registration.receiver)


def _object_of(receiver: Any) -> Any:
    """Return the object whose method, or call, a receiver is; None for a function."""
    for layer in receivers.layers(receiver):
        if type(layer) is MethodType:
            return layer.__self__
        if type(layer) is FunctionType:
            return None
    innermost = receivers.innermost(receiver)
    return None if type(innermost) is BuiltinFunctionType else innermost


def _same(one: Standing, other: Standing) -> bool:
    """Whether two registrations of a signal run the same function, be it imported under two names."""
    if one.signal is not other.signal:
        return False
    mine, theirs = _object(one), _object(other)
    both = mine is not None and theirs is not None
    if both and mine is not theirs and one.receiver.name == other.receiver.name:
        return False  # each object is meant to be called
    function, another = _function(one), _function(other)
    if function is another:
        return _given(one) == _given(other)  # by partials, each of which is meant
    if _of_one_code(function, another):
        return _captured(function) == _captured(another)
    # Functions made by one decorator stand at one line and are different ones.
    apart = "<locals>" in one.receiver.name or one.receiver.file is None
    return not apart and one.receiver[1:] == other.receiver[1:]


def runs_the_same(one: Any, other: Any) -> bool:
    """Whether two receivers are the same function of the same object, or functions that differ in nothing."""
    if _object_of(one) is not _object_of(other) or _given_to(one) != _given_to(other):
        return False
    function, another = receivers.innermost(one), receivers.innermost(other)
    alike = _of_one_code(function, another) and _captured(function) == _captured(another)
    return function is another or alike


def _of_one_code(function: Any, another: Any) -> bool:
    """Whether two functions were made at one place: in a loop, or by several calls."""
    return type(function) is type(another) is FunctionType and function.__code__ is another.__code__


def _captured(function: FunctionType) -> list[int]:
    """Return the identities of what functions of one code differ in: defaults, and what is closed over."""
    held = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # of a variable that is not set yet
            held.append(cell.cell_contents)
    return [id(one) for one in held if one is not function]


def _overlap(one: Standing, other: Standing) -> bool:
    """Whether one send can reach both."""
    senders = {one.registration.sender_id, other.registration.sender_id}
    return one.signal is other.signal and (None in senders or len(senders) == 1)


def _key(one: Standing, case: Case) -> str:
    senders = case.facts.senders
    is_text = senders.is_text(one.registration, one.event)
    sender = shown(senders.words(one.registration, one.event), is_text=is_text)
    told = uid_of(one.registration)
    key = "the function" if told is None else f"dispatch_uid {told}"
    at = written(one.event.at if one.event else None)
    return f"{one.receiver.name} for {sender}, by {key}, at {at}"
