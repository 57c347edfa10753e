"""What a recorded run says about a receiver: sent or not, bypassed, stopped before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sigexplorer.answers import Check, State
from sigexplorer.capture.senders import for_text
from sigexplorer.model import Call, Dispatch, Trace
from sigexplorer.project.case import Case
from sigexplorer.project.evidence import answer, written
from sigexplorer.project.models import all_models, label

_NO_RUN = "no run to look at: give one with --trace FILE"


def heard(case: Case, trace: Trace) -> list[tuple[Dispatch, Call]]:
    """Return the calls of the receiver, skipped ones included."""
    return [
        (dispatch, call)
        for dispatch in _sends(case, trace)
        for call in dispatch.calls
        if call.receiver in case.called
    ]


def reached(case: Case) -> bool:
    """Whether the run that is looked at called the receiver."""
    return case.trace is not None and any(call.outcome != "skipped" for _, call in heard(case, case.trace))


def reached_as(case: Case, signal: str, sender: str | None) -> bool:
    """Whether the run called the receiver in a dispatch of a signal with that very sender."""
    return case.trace is not None and any(
        (dispatch.signal, dispatch.sender) == (signal, sender) and call.outcome != "skipped"
        for dispatch, call in heard(case, case.trace)
    )


def _sends(case: Case, trace: Trace) -> list[Dispatch]:
    return [dispatch for dispatch in trace.dispatches if dispatch.signal in case.signals]


def sent(case: Case) -> Check:
    """See whether the run sent its signal with a sender that reaches it."""
    question = "was its signal sent in this run?"
    trace = case.trace
    if trace is None or not case.signals:
        return answer("sent", question, "skipped", *([_NO_RUN] if trace is None else []))
    if case.shared:
        return answer("sent", question, "skipped", _known_as(case))
    calls = heard(case, trace)
    if calls:
        return answer("sent", question, "ok", *(_told(case, trace, path) for path in case.signals))
    names = _names(case)
    counted = [one for one in trace.counted if one.name in names.values()]
    sends = _sends(case, trace)
    state: State = "noted" if _passed(case, trace) or counted else "failed"
    if counted and not sends:
        what = f"{_were(one.name for one in counted)} only counted in this run, and no call of it recorded"
        said = [f"{one.name} of {one.sender} only counted, {_times(one.times)}" for one in counted]
        return answer("sent", question, "noted", what, *said, fix="record it: trace with --init")
    if not sends:
        what = f"{_were(names.values())} never sent in this run"
        return answer("sent", question, state, what, fix="do in the run what should send it")
    paths = sorted(case.signals, key=lambda path: not _of(path, sends))  # what was sent comes first
    told = [_told(case, trace, path) for path in paths]
    near = [
        f"{_by(path, names, several=len(paths) > 1)} {_senders(found)}"
        for path in paths
        if (found := _of(path, sends))
    ]
    fix = "connect it for a sender that sends, or for every one"
    if all(_was_away(case, path, sends) for path in paths if _of(path, sends)):
        fix = "connect it before it is sent: where that is done, or sooner"
    at = [one.origin for one in sends[:3]]
    return answer("sent", question, state, "; ".join(told), *near, at=at, fix=fix)


def _names(case: Case) -> dict[str, str]:
    """Return what to call each of its signals: short, where that is no name of two."""
    short = {path: path.rpartition(".")[2] for path in case.signals}
    return short if len(set(short.values())) == len(short) else {path: path for path in short}


def _were(names: Iterable[str]) -> str:
    told = list(dict.fromkeys(names))
    return f"{', '.join(told)} {'was' if len(told) == 1 else 'were'}"


def _of(path: str, sends: Sequence[Dispatch]) -> list[Dispatch]:
    return [one for one in sends if one.signal == path]


def _by(path: str, names: dict[str, str], *, several: bool) -> str:
    return f"{names[path]} sent by" if several else "sent by"


def _senders(sends: list[Dispatch]) -> str:
    senders = Counter(one.sender or "None" for one in sends)
    return ", ".join(f"{sender} ({times})" for sender, times in senders.most_common(5))


def _told(case: Case, trace: Trace, path: str) -> str:
    """Say of one of its signals how often the run sent it, and whether that reached it."""
    name = _names(case)[path]
    calls = [pair for pair in heard(case, trace) if pair[0].signal == path]
    if calls:
        return f"{name}: {_how_often(calls)}"
    sends = _of(path, trace.dispatches)
    if not sends:
        return f"{name} was never sent in this run"
    how = "only while it was not connected" if _was_away(case, path, sends) else "never with its sender"
    return f"{name} was sent {_times(len(sends))} in this run, {how}"


def _was_away(case: Case, path: str, sends: Sequence[Dispatch]) -> bool:
    """Whether sends that did not reach it had a sender that does, as long as it is connected."""
    senders = {dispatch.sender for dispatch in sends if dispatch.signal == path}
    told = case.facts.senders
    there = [
        told.words(one.registration, one.event)
        for one in case.standing
        if one.named.path == path and not told.is_text(one.registration, one.event)
    ]
    there += [
        one.event.sender
        for one in case.attempts
        if one.named.path == path and one.event.kind == "connected" and not for_text(one.event)
    ]
    there += [one.sender for one in case.listed if one.signal == path and not one.by_text]
    models = {label(model) for model in all_models()}
    return any(sender is None or (sender in senders and sender in models) for sender in there)


def _how_often(heard: list[tuple[Dispatch, Call]]) -> str:
    skipped = sum(call.outcome == "skipped" for _, call in heard)
    if skipped == len(heard):
        return f"sent with its sender {_times(skipped)}, but it was not reached"
    besides = f", and skipped {_times(skipped)}" if skipped else ""
    return f"it was reached {_times(len(heard) - skipped)}{besides}"


def _known_as(case: Case) -> str:
    return f"the run knows it only as {', '.join(sorted(case.shared))}, as it does others"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _passed(case: Case, trace: Trace) -> list[str]:
    return [
        f"{bypass.operation} of {bypass.model} at {written(bypass.origin)} sent no signal"
        for bypass in trace.bypasses
        if not case.called.isdisjoint(bypass.would_call)
    ]


def not_bypassed(case: Case) -> Check:
    """See whether the run wrote rows in a way that sends no signal."""
    question = "was it bypassed?"
    trace = case.trace
    if trace is None:
        return answer("bypassed", question, "skipped", _NO_RUN)
    if case.shared:
        return answer("bypassed", question, "skipped", _known_as(case))
    passed = list(dict.fromkeys(_passed(case, trace)))
    at = [bypass.origin for bypass in trace.bypasses if not case.called.isdisjoint(bypass.would_call)]
    if passed and not heard(case, trace):
        fix = "save or delete the objects one by one, or do its work there yourself"
        return answer("bypassed", question, "failed", *passed, at=at, fix=fix)
    return answer("bypassed", question, "noted" if passed else "ok", *passed, at=at)


def not_stopped(case: Case) -> Check:
    """See whether an error, of an earlier receiver or its own, kept it from its work."""
    question = "did it run to its end?"
    trace = case.trace
    if trace is None:
        return answer("stopped", question, "skipped", _NO_RUN)
    said: list[str] = []
    at = []
    for dispatch, call in heard(case, trace):
        if call.outcome == "skipped":
            before = next((one for one in dispatch.calls if one.outcome == "raised"), None)
            cause = f"{before.receiver} raised {before.error}" if before else f"{dispatch.error}"
            said.append(f"it was skipped in {dispatch.name} of {dispatch.sender}: {cause} before it")
            fix = "mend what raises, or send with send_robust()"
        elif call.outcome == "raised":
            said.append(f"it ran in {dispatch.name} of {dispatch.sender}, and raised {call.error}")
            fix = "mend what it raises"
        elif call.outcome == "muted":
            said.append(f"it was muted in {dispatch.name} of {dispatch.sender}")
            fix = "do not mute it"
        else:
            continue
        at.append(dispatch.origin)
    if not said:
        return answer("stopped", question, "ok" if heard(case, trace) else "skipped")
    return answer("stopped", question, "failed", *dict.fromkeys(said), at=at, fix=fix)
