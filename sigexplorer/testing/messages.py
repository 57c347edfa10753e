"""What a failed assertion says: what is wrong, what nearly matched, and the timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sigexplorer.capture import words
from sigexplorer.errors import nearest
from sigexplorer.model import Call, Dispatch, Trace
from sigexplorer.show.look import Look
from sigexplorer.show.text import plural, safe, shown
from sigexplorer.testing import drawing
from sigexplorer.testing.arguments import Arguments
from sigexplorer.testing.wanted import EVERY, Wanted, WantedSignal, is_from, meets

_ROWS = 60  # of a timeline in a message: its beginning and its end
_NEAR = 3


def failure(trace: Trace, what: str, near: Iterable[str] = (), marked: Iterable[Dispatch] = ()) -> str:
    """Return the message of a failed assertion; the timeline marks the signals of ``marked``."""
    look = Look(rows=_ROWS, marked=frozenset(one.name for one in marked))
    lines = [what, *(f"  nearly: {one}" for one in near), *_lost(trace), ""]
    return "\n".join([*lines, drawing.text(trace, look=look).rstrip()])


def _lost(trace: Trace) -> list[str]:
    dropped = trace.run.dropped
    return [f"  {plural(dropped, 'record')} lost to a fault of ours"] if dropped else []


def sent(signal: WantedSignal, sender: Wanted, arguments: Mapping[str, object]) -> str:
    """Say what was to be sent."""
    by = "" if sender is EVERY else f" from {safe(sender.text)}"
    told = [f"{name}={_told(name, held)}" for name, held in arguments.items()]
    return f"{safe(signal.text)}{by}{' with ' if told else ''}{', '.join(told)}"


def _told(name: str, held: object) -> str:
    return shown(words.value(held, name))


def instead(found: int, times: int | None, verb: str = "sent") -> str:
    """Say how often something happened, and how often it should have."""
    if times is None:
        return f"was not {verb}"
    if not found:
        return f"was not {verb}, wanted {_times(times)}"
    happened = f"was {verb} {_times(found)}"
    return f"{happened}, not {_times(times)}" if times else happened


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def near(trace: Trace, signal: WantedSignal, sender: Wanted, having: Arguments) -> list[str]:
    """Say what was sent that is most like what was to be: the same signal, then the same sender."""
    told: Counter[str] = Counter()
    ids: dict[str, int] = {}
    for one in sorted(trace.dispatches, key=lambda one: _distance(one, signal, sender, having)):
        same = meets(one, signal, EVERY)
        if not same and (sender is EVERY or not sender.fits(one.sender)):
            continue
        says = _difference(one, sender, having) if same else f"{safe(one.name)} from {safe(str(one.sender))}"
        if says:
            told[says] += 1
            ids.setdefault(says, one.id)
    lines = [_numbered(ids[says], says, times) for says, times in list(told.items())[:_NEAR]]
    bypassed = [one for one in trace.bypasses if sender is EVERY or sender.fits(one.model)]
    lines += [
        f"#{one.id} {one.operation} of {safe(one.model)}, which sends no signals" for one in bypassed[:_NEAR]
    ]
    return lines


def _numbered(number: int, says: str, times: int) -> str:
    return f"#{number} {says}" + (f", and {times - 1} more like it" if times > 1 else "")


def _distance(
    one: Dispatch, signal: WantedSignal, sender: Wanted, having: Arguments
) -> tuple[bool, bool, int, int]:
    return (
        not meets(one, signal, EVERY),
        not is_from(one, sender),
        len(having.differing(one)),
        one.id,
    )


def _difference(one: Dispatch, sender: Wanted, having: Arguments) -> str:
    """Say in what a dispatch of the right signal is another one; empty where it is the right one."""
    other = "another " if sender.fits(one.sender) else ""
    said = [] if is_from(one, sender) else [f"from {other}{safe(str(one.sender))}"]
    said += [safe(difference, 200) for difference in having.differing(one).values()]
    return f"{safe(one.name)} {', '.join(said)}" if said else ""


def near_calls(pairs: list[tuple[Dispatch, Call]], wanted: Wanted, signal: object) -> list[str]:
    """Say why a receiver did not run: it was skipped or muted, or it is not connected."""
    passed = [(one, call) for one, call in pairs if call.outcome in ("skipped", "muted")]
    lines = [
        f"#{one.id} {safe(one.name)} from {safe(str(one.sender))}: {call.outcome}{_cause(one, call)}"
        for one, call in passed[:_NEAR]
    ]
    if not pairs:
        lines += _connections(wanted, signal)
    return lines


def _cause(one: Dispatch, call: Call) -> str:
    before = next((other for other in one.calls if other.outcome == "raised"), None)
    if call.outcome != "skipped" or before is None:
        return ""
    return f", because {safe(before.receiver)} raised {safe(before.error or '', 200)}"


def _connections(wanted: Wanted, _signal: object) -> list[str]:
    from sigexplorer.project.inventory import all_receivers

    listed = all_receivers()
    own = [one for one in listed if one.alive and wanted.fits(one.receiver)]
    if own:
        return [
            f"it is connected to {safe(one.name)} from {safe(one.sender or 'any sender')}"
            for one in own[:_NEAR]
        ]
    names = nearest(wanted.text, {one.receiver for one in listed if one.alive and not one.stock})
    return [f"it is not connected; receivers that are: {', '.join(map(safe, names))}"] if names else []
