"""How a connection gets lost: an equal key, a weak reference, a second name, a disconnect."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from sigexplorer import catalog
from sigexplorer.answers import Check, State
from sigexplorer.capture import receivers
from sigexplorer.capture.connections import NOTES, Noted
from sigexplorer.capture.holders import held_by_debug_alone
from sigexplorer.capture.receivers import ReceiverWords
from sigexplorer.capture.signals import SignalWords
from sigexplorer.capture.uids import uid
from sigexplorer.capture.words import contents
from sigexplorer.model import Origin
from sigexplorer.project.case import Attempt, Case, Standing
from sigexplorer.project.evidence import answer, written


def uid_free(case: Case) -> Check:
    """See whether Django dropped a connection because of an equal key."""
    question = "was it dropped by an equal dispatch_uid?"
    if not case.connected:
        return answer("dispatch_uid", question, "skipped")
    said, failed = [], False
    for named, event in case.attempts:
        if event.kind != "ignored":
            continue
        first = NOTES.made(event.key)
        if first is None or (first.receiver, first.holds) == (event.receiver, event.holds):
            said.append(f"connected again at {written(event.at)}: Django ignored it, as it should")
            continue
        failed = True
        said.insert(0, (
            f"dispatch_uid {event.dispatch_uid!r} on {named.name} was taken by {first.receiver.name},"
            f" connected at {written(first.at)}: connecting this one at {written(event.at)} did nothing"
        ))  # fmt: skip
    at = [one.event.at for one in case.attempts if one.event.kind == "ignored"]
    return answer(
        "dispatch_uid",
        question,
        "failed" if failed else "ok",
        *said,
        at=at,
        fix="give it a dispatch_uid of its own" if failed else "",
    )


def alive(case: Case) -> Check:
    """See whether the receiver died because Django held it weakly, or will where DEBUG is off."""
    question = "is it still alive?"
    dead, doomed = _dead(case), _doomed(case)
    if not dead and not doomed:
        return answer("alive", question, "ok" if case.connected else "skipped")
    living = [one for one in case.standing if one not in doomed]
    there = {(one.named.path, case.facts.senders.words(one.registration, one.event)) for one in living}
    ends: list[_End] = [(one.named, one.event, _ONLY_DEBUG) for one in doomed]
    ends += [(one.named, one.event, "it died: only Django held it, and weakly") for one in dead]
    said = [f"connected to {named.name} at {written(at)}, {how}" for named, at, how in _placed(ends)]
    lost = [one for one in ends if not _is_there(one, there)]
    state: State = "noted" if _rebound(case) else "failed" if lost else "ok"
    fix = "keep it at the level of a module, or connect it with weak=False" if state == "failed" else ""
    return answer("alive", question, state, *said, at=[at for _, at, _ in _placed(ends)], fix=fix)


_ONLY_DEBUG = (
    "it lives only because DEBUG is on, whose check of its arguments remembers it:"
    " with DEBUG off it dies at once"
)

#: A connection that was or will be lost, and how.
_End = tuple[SignalWords, Noted | None, str]


def _is_there(end: _End, there: set[tuple[str, str | None]]) -> bool:
    """Whether another one lives that is called in its stead: for the same sender, or for every one."""
    named, event, _ = end
    sender = event.sender if event else None
    return bool({(named.path, sender), (named.path, None)} & there)


def _placed(ends: list[_End]) -> list[tuple[SignalWords, Origin | None, str]]:
    return [(named, event.at if event else None, how) for named, event, how in ends]


def _doomed(case: Case) -> list[Standing]:
    """Return the registrations whose receiver lives only because of ``DEBUG``."""
    return [one for one in case.standing if held_by_debug_alone(one.registration)]


def _dead(case: Case) -> list[Attempt]:
    """Return the connections whose receiver died before anybody disconnected it."""
    ended = {id(one.event.key) for one in case.attempts if one.event.kind == "disconnected"}
    return [
        one
        for one in case.attempts
        if one.event.kind == "connected" and one.event.died and id(one.event.key) not in ended
    ]


def _gone(case: Case) -> list[ReceiverWords]:
    """Return the functions that died, or would without ``DEBUG``."""
    return [*(one.event.receiver for one in _dead(case)), *(one.receiver for one in _doomed(case))]


def _rebound(case: Case) -> Origin | None:
    """Return where that is defined which the name of a receiver that died means now."""
    dead = [one for one in _gone(case) if one.name in case.names]
    module = sys.modules.get(case.module or "")
    if not dead or module is None:
        return None
    found: Any = module
    for part in case.name.removeprefix(f"{case.module}.").split("."):
        found = contents(found).get(part)
        if found is None:
            return None
    now = receivers.words(found)
    if now.file is None or now.line is None or now in dead:
        return None
    return Origin(now.file, now.line, now.name)


def rebound(case: Case) -> Check:
    """See whether a later function of the same name took its place."""
    question = "does its name still mean this function?"
    later = _rebound(case)
    if later is None:
        return answer("rebound", question, "ok" if case.connected else "skipped")
    first = next(one for one in _gone(case) if one.name in case.names)
    name = case.name.rpartition(".")[2]
    what = f"{written(later)} defines {name} again: the function at {first.file}:{first.line} is gone"
    return answer("rebound", question, "failed", what, at=[later], fix="give each function a name of its own")


def still_connected(case: Case) -> Check:
    """See whether somebody disconnected it."""
    question = "is it still connected?"
    gone = [one for one in case.attempts if one.event.kind == "disconnected"]
    missed = [one for one in case.attempts if one.event.kind == "missed"]
    said = [f"disconnected from {one.named.name} at {written(one.event.at)}" for one in gone]
    said += [
        f"disconnect() at {written(one.event.at)} found nothing: sender or dispatch_uid differ"
        for one in missed
    ]
    places = [one.event.at for one in (*gone, *missed)]
    if not (gone or case.standing or case.recorded):
        return answer("disconnected", question, "skipped", *said, at=places)
    if gone and not case.standing:
        return answer(
            "disconnected",
            question,
            "failed",
            *said,
            at=places,
            fix="connect it again, or leave it connected",
        )
    return answer("disconnected", question, "ok", *said, at=places)


def callable_as_receiver(case: Case) -> Check:
    """See whether calling it with a signal's arguments runs its body."""
    question = "can Django call it?"
    for one in case.standing:
        function = _plain_function(one.registration.receiver)
        flags = function.__code__.co_flags if function else _KEYWORDS
        if flags & _GENERATOR:
            what = "it is a generator function: calling it runs nothing of it"
            return answer("callable", question, "failed", what, fix="take the yield out")
        if not flags & _KEYWORDS:
            what = "it takes no **kwargs: every send raises TypeError"
            return answer("callable", question, "failed", what, fix="add **kwargs to its parameters")
        missing = _missing(function, one) if function else []
        if missing:
            return _cannot_be_called(question, one, missing)
    return answer("callable", question, "ok" if case.standing else "skipped")


def _missing(function: FunctionType, one: Standing) -> list[str]:
    """Return the parameters that a function must be given, and that no send of the signal gives."""
    code, defaults = function.__code__, function.__defaults__ or ()
    bound = type(one.registration.receiver) is MethodType
    required = code.co_varnames[int(bound) : code.co_argcount - len(defaults)]
    by_place = code.co_varnames[int(bound) : code.co_posonlyargcount]  # Django gives all by name
    keyword = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    required += tuple(name for name in keyword if name not in (function.__kwdefaults__ or {}))
    given = {"signal", "sender", *_arguments(one.named)}
    return [
        name
        for name in required
        if name in by_place or (name not in given if len(given) > _ALWAYS else name in _OF_METHODS)
    ]


_ALWAYS = 2  # what every send gives: the signal and its sender
_OF_METHODS = ("self", "cls")


def _arguments(named: SignalWords) -> list[str]:
    """Return what Django's own signals are sent with; of others nobody knows."""
    page = next((page for page in catalog.PAGES if page.path == named.path), None)
    return [] if page is None else [one.name for one in page.arguments]


def _cannot_be_called(question: str, one: Standing, missing: list[str]) -> Check:
    lacking = " and ".join(f"'{name}'" for name in missing)
    if missing[0] in _OF_METHODS:
        what = f"it is a method, connected as a plain function without {lacking}: every send raises TypeError"
        fix = "connect the method of an object or of the class outside of the class, or make it a function"
    else:
        what = f"{one.named.name} does not give it {lacking}: every send raises TypeError"
        fix = f"take {lacking} out of its parameters, give it a default, or get it from **kwargs"
    return answer("callable", question, "failed", what, fix=fix)


_GENERATOR = 0x20 | 0x200  # of a code object's flags: a generator, sync or async
_KEYWORDS = 0x08


def _plain_function(receiver: Any) -> FunctionType | None:
    """Return the function that Django calls, if it is one and nothing around it."""
    function = receiver.__func__ if type(receiver) is MethodType else receiver
    return function if type(function) is FunctionType else None


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
        return answer("once", question, "ok" if case.standing else "skipped", *_by_objects(case))
    what = f"connected {len(doubled)} times to {doubled[0].named.name}"
    fix = _how_to_connect_once(doubled)
    said = (_key(one, case) for one in doubled)
    at = [one.event.at for one in doubled if one.event]
    return answer("once", question, "failed", what, *said, at=at, fix=fix)


def _how_to_connect_once(doubled: list[Standing]) -> str:
    if len({one.receiver.name for one in doubled}) > 1:
        return "import its file by one name only"
    if len({one.registration.sender_id for one in doubled}) > 1:  # which is in the key, beside the uid
        return "connect it once: for every sender, or for those that it is meant for"
    return "connect it once, or give each the same dispatch_uid"


def _by_objects(case: Case) -> Iterator[str]:
    """Say where one function is connected by several objects, each of which is to be called."""
    objects: dict[str, dict[int, Any]] = {}
    for one in case.standing:
        held = _object(one)
        if held is not None:
            objects.setdefault(one.named.name, {})[id(held)] = held
    for signal, several in objects.items():
        if len(several) > 1:
            yield f"{signal}: by {len(several)} objects, each of which is called"


def _object(one: Standing) -> Any:
    """Return the object whose method, or call, a receiver is; None for a function."""
    for layer in receivers.layers(one.registration.receiver):
        if type(layer) is MethodType:
            return layer.__self__
        if type(layer) is FunctionType:
            return None
    innermost = receivers.innermost(one.registration.receiver)
    return None if type(innermost) is BuiltinFunctionType else innermost


def _same(one: Standing, other: Standing) -> bool:
    """Whether two registrations of a signal run the same function, be it imported under two names."""
    if one.signal is not other.signal:
        return False
    mine, theirs = _object(one), _object(other)
    both = mine is not None and theirs is not None
    if both and mine is not theirs and one.receiver.name == other.receiver.name:
        return False  # each object is meant to be called
    if receivers.innermost(one.registration.receiver) is receivers.innermost(other.registration.receiver):
        return True
    # Functions made by one decorator stand at one line and are different ones.
    apart = "<locals>" in one.receiver.name or one.receiver.file is None
    return not apart and one.receiver[1:] == other.receiver[1:]


def _overlap(one: Standing, other: Standing) -> bool:
    """Whether one send can reach both."""
    senders = {one.registration.sender_id, other.registration.sender_id}
    return one.signal is other.signal and (None in senders or len(senders) == 1)


def _key(one: Standing, case: Case) -> str:
    sender = case.facts.senders.words(one.registration, one.event) or "every sender"
    told = uid(one.registration.dispatch_uid)
    key = "the function" if told is None else f"dispatch_uid {told}"
    at = written(one.event.at if one.event else None)
    return f"{one.receiver.name} for {sender}, by {key}, at {at}"
