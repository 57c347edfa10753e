"""Receivers that became slower, by more than they differ from themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from sigexplorer.model import Trace
from sigexplorer.show.profiling import profile_of

_ENOUGH = 3  # samples a side
_NOISE = 3 * 1.4826  # a median deviation in units of three standard ones
_SHARE = 0.05  # less than that of the time is never called slower
_LEAST_NS = 1_000  # nor is less than that: clocks and caches differ by as much


@dataclass(frozen=True, slots=True)
class Slower:
    """A receiver whose median time by itself grew beyond its noise."""

    receiver: str
    before_ns: int
    after_ns: int
    noise_ns: int
    samples: tuple[int, int]  # on each side


@dataclass(frozen=True, slots=True)
class Times:
    """What became slower, and the receivers of which too little is known to tell."""

    slower: tuple[Slower, ...]
    unknown: tuple[str, ...]


def slower(before: Sequence[Sequence[Trace]], after: Sequence[Sequence[Trace]]) -> Times:
    """Compare the recordings of two sides: each is the traces of one file.

    With three recordings a side a sample is a receiver's mean in one of them, so that
    what differs from run to run counts as noise; with fewer it is a single call.
    """
    by_run = min(len(before), len(after)) >= _ENOUGH
    first, second = _samples(before, by_run=by_run), _samples(after, by_run=by_run)
    found: list[Slower] = []
    unknown: list[str] = []
    for receiver in sorted(first.keys() & second.keys()):
        samples = first[receiver], second[receiver]
        if min(map(len, samples)) < _ENOUGH:
            unknown.append(receiver)
            continue
        old, new = (median(each) for each in samples)
        noise = max(_LEAST_NS, _SHARE * old, *(_NOISE * _deviation(each) for each in samples))
        if new - old > noise:
            counts = (len(samples[0]), len(samples[1]))
            found.append(Slower(receiver, round(old), round(new), round(noise), counts))
    found.sort(key=lambda each: each.before_ns - each.after_ns)
    return Times(tuple(found), tuple(unknown))


def _deviation(samples: Sequence[float]) -> float:
    middle = median(samples)
    return median(abs(sample - middle) for sample in samples)


def _samples(recordings: Sequence[Sequence[Trace]], *, by_run: bool) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for traces in recordings:
        if by_run:
            for receiver, mean_ns in _means(traces).items():
                found[receiver].append(mean_ns)
        else:
            for receiver, own_ns in _calls(traces):
                found[receiver].append(own_ns)
    return found


def _means(traces: Sequence[Trace]) -> dict[str, float]:
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for trace in traces:
        for receiver, numbers in profile_of(trace).receivers.items():
            totals[receiver][0] += numbers.calls
            totals[receiver][1] += numbers.own_ns
    return {receiver: own / calls for receiver, (calls, own) in totals.items() if calls}


def _calls(traces: Sequence[Trace]) -> list[tuple[str, int]]:
    """Return the time of each call without the dispatches that it caused."""
    found = []
    for trace in traces:
        inside: dict[tuple[int | None, int | None], int] = defaultdict(int)
        for dispatch in trace.dispatches:
            inside[dispatch.parent, dispatch.parent_call] += dispatch.duration_ns
        for dispatch in trace.dispatches:
            for index, call in enumerate(dispatch.calls):
                if call.outcome in ("returned", "raised") and call.duration_ns is not None:
                    found.append((call.receiver, max(0, call.duration_ns - inside[dispatch.id, index])))
    return found
