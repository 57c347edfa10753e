"""How a connection gets lost: an equal key, a weak reference, a second name, a disconnect."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any

from sigexplorer.answers import Check, State
from sigexplorer.capture import receivers
from sigexplorer.capture.connections import NOTES, Noted
from sigexplorer.capture.holders import held_by_debug_alone
from sigexplorer.capture.receivers import ReceiverWords
from sigexplorer.capture.signals import SignalWords
from sigexplorer.capture.words import class_attribute, class_path, contents
from sigexplorer.model import Origin
from sigexplorer.project.case import Attempt, Case, Standing
from sigexplorer.project.evidence import answer, written
from sigexplorer.project.repeating import runs_the_same


def uid_free(case: Case) -> Check:
    """See whether Django dropped a connection because of an equal key."""
    question = "was it dropped by an equal dispatch_uid?"
    if not case.connected:
        return answer("dispatch_uid", question, "skipped")
    said, failed = [], None
    for named, event in case.attempts:
        if event.kind != "ignored":
            continue
        first = NOTES.made(event.key)
        by = _taken_by(first, event) if first else None
        if first is None or by is None:
            known = first is not None and not first.died
            said.append(f"connected again at {written(event.at)}: Django ignored it{_AS_IT_SHOULD * known}")
            continue
        failed = by
        said.insert(0, (
            f"dispatch_uid {event.dispatch_uid!r} on {named.name} was taken by {by},"
            f" connected at {written(first.at)}: connecting this one at {written(event.at)} did nothing"
        ))  # fmt: skip
    at = [one.event.at for one in case.attempts if one.event.kind == "ignored"]
    return answer(
        "dispatch_uid",
        question,
        "failed" if failed else "ok",
        *said,
        at=at,
        fix=_FIX_OF_UID[failed == _ANOTHER] if failed else "",
    )


_AS_IT_SHOULD = ", as it should"
_ANOTHER = "another one of that name"
_FIX_OF_UID = (
    "give it a dispatch_uid of its own",
    "define it once, outside of the loop or call, and connect that; or give each a dispatch_uid of its own",
)


def _taken_by(first: Noted, event: Noted) -> str | None:
    """Name what was connected by the key of an ignored connection; None where it was the same, or alike.

    What stands at the same place under another name is one function, whose file was imported twice.
    """
    if (first.receiver, first.holds) != (event.receiver, event.holds):
        elsewhere = first.receiver.name != event.receiver.name and event.receiver.file is not None
        if elsewhere and first.receiver[1:] == event.receiver[1:]:
            return None
        return first.receiver.name if first.receiver != event.receiver else next(iter(first.holds), _ANOTHER)
    mine, other = (one.target() if one.target is not None else None for one in (event, first))
    if other is None:  # of what died nothing is known but its name: a living function was another one
        return _ANOTHER if first.died and type(mine) is FunctionType else None
    return None if mine is None or runs_the_same(mine, other) else _ANOTHER


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
    fix = _FIX_OF_LIFE[_is_looped(case)] if state == "failed" else ""
    return answer("alive", question, state, *said, at=[at for _, at, _ in _placed(ends)], fix=fix)


_ONLY_DEBUG = (
    "it lives only because DEBUG is on, whose check of arguments remembers it, or what holds it:"
    " with DEBUG off it dies at once"
)

_FIX_OF_LIFE = (
    "keep it at the level of a module, or connect it with weak=False",
    "connect it with weak=False, or define it once: of several made in a loop its name keeps the last",
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


def _is_looped(case: Case) -> bool:
    """Whether what died was connected by its decorator, and its name means another one of it."""
    lines = {(one.at.file, line) for one in case.definitions for line in one.lines}
    there = any((at := one.event.at) and (at.file, at.line) in lines for one in _dead(case))
    return there and _meant_now(case) in _gone(case)


def _rebound(case: Case) -> Origin | None:
    """Return where that is defined which the name of a receiver that died means now."""
    dead = [one for one in _gone(case) if one.name in case.names]
    now = _meant_now(case) if dead else None
    if now is None or now.file is None or now.line is None or now in dead:
        return None
    return Origin(now.file, now.line, now.name)


def _meant_now(case: Case) -> ReceiverWords | None:
    """Return the function that the name of the receiver stands for."""
    found = _named_now(case)
    return None if found is None or found is _NOTHING else receivers.words(found)


_NOTHING = object()


def _named_now(case: Case) -> Any:
    """Return what the name of the receiver stands for: ``_NOTHING`` where its module has no such name."""
    module = sys.modules.get(case.module or "")
    if module is None or "<locals>" in case.name:
        return None
    found: Any = module
    for part in case.name.removeprefix(f"{case.module}.").split("."):
        held = contents(found).get(part, _NOTHING)
        is_inherited = held is _NOTHING and issubclass(type(found), type)
        found = (class_attribute(found, part) or _NOTHING) if is_inherited else held
        if found is None or found is _NOTHING:
            return found
    return found


def rebound(case: Case) -> Check:
    """See whether a later function of the same name took its place."""
    question = "does its name still mean this function?"
    later = _rebound(case)
    if later is None:
        lost = _lost(case)
        state: State = "noted" if lost else "ok" if case.connected else "skipped"
        return answer("rebound", question, state, *lost)
    first = next(one for one in _gone(case) if one.name in case.names)
    name = case.name.rpartition(".")[2]
    what = f"{written(later)} defines {name} again: the function at {first.file}:{first.line} is gone"
    return answer("rebound", question, "failed", what, at=[later], fix="give each function a name of its own")


def _lost(case: Case) -> list[str]:
    """Say what became of the name of a receiver that died, where that is no function any more."""
    if not any(one.name in case.names for one in _gone(case)):
        return []
    now, name = _named_now(case), case.name.rpartition(".")[2]
    if now is _NOTHING:
        return [f"{case.module} has nothing by the name of {name} any more"]
    callable_ = now is None or class_attribute(type(now), "__call__") is not None
    return (
        []
        if callable_
        else [f"{name} is {class_path(type(now)).removeprefix('builtins.')} now, which is no function"]
    )


def still_connected(case: Case) -> Check:
    """See whether somebody disconnected it, or took it out without asking the signal."""
    question = "is it still connected?"
    taken = [] if case.recorded else taken_out(case)
    gone = [one for one in case.attempts if one.event.kind == "disconnected" or one in taken]
    missed = [one for one in case.attempts if one.event.kind == "missed"]
    said = [_how_it_went(one) for one in gone]
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


def _how_it_went(one: Attempt) -> str:
    if one.event.kind == "disconnected":
        return f"disconnected from {one.named.name} at {written(one.event.at)}"
    return (
        f"its registration with {one.named.name}, made at {written(one.event.at)},"
        " was taken out of signal.receivers, not by disconnect()"
    )


def taken_out(case: Case) -> list[Attempt]:
    """Return the connections that are no longer there, and that nobody disconnected and nothing ended."""
    there = {id(one.registration.key) for one in case.facts.standing}
    ended = {id(one.event.key) for one in case.attempts if one.event.kind == "disconnected"}
    return [
        one
        for one in case.attempts
        if one.event.kind == "connected" and id(one.event.key) not in there | ended
        if not one.event.died and not is_gone(one.event)
    ]


def is_gone(event: Noted) -> bool:
    """Whether the sender that a connection was for is gone, whose registration newer Djangos sweep away."""
    return event.sender_reference is not None and event.sender_reference() is None
