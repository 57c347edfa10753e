"""The numbers of a trace as a document: like ``strace -c``, per receiver and per signal."""

from __future__ import annotations

from collections.abc import Sequence

from sigexplorer.model import Summary
from sigexplorer.show.document import Block, Bullets, Document, Grid, Heading, Paragraph
from sigexplorer.show.profile import Profile, ReceiverNumbers, SignalNumbers
from sigexplorer.show.text import duration, plural, safe, tail

_MOST = 200  # rows of one table
_NARROW = 22  # characters of a name where there is little room
_BURST = 3  # dispatches from which on it is told what one became

_RECEIVER = ("receiver", "calls", "skipped", "total", "own", "mean", "slowest", "SQL", "errors")
_SIGNAL = ("signal", "sent", "unheard", "calls", "total", "slowest", "SQL", "errors")


def summary(profile: Profile, *, wide: bool) -> Document:
    """Return the tables of ``profile``; in wide ones a receiver's name stands on one line."""
    blocks: list[Block] = [
        Heading(profile.run.title, level=1),
        Paragraph(_counts(profile)),
        *(Paragraph(note) for note in profile.run.notes),
    ]
    if profile.filtered:
        left_out = plural(profile.filtered, "dispatch", "dispatches")
        blocks.append(Paragraph(f"left out by filters: {left_out}", quiet=True))
    blocks += _receivers(profile, wide=wide)
    blocks += _signals(profile)
    for title, items in (
        ("Recursion", _recursions(profile)),
        ("Longest chain" + ", of the whole run" * bool(profile.filtered), _chain(profile)),
        ("Bypasses", _bypasses(profile)),
        ("On commit", _callbacks(profile)),
        ("Counted, not recorded", _counted(profile.summary)),
    ):
        if items:
            blocks += [Heading(title), Bullets(tuple(items[:_MOST]))]
    return tuple(blocks)


def _counts(profile: Profile) -> str:
    numbers = profile.summary
    counts = [
        plural(numbers.dispatches, "dispatch", "dispatches"),
        plural(numbers.calls, "receiver call"),
        plural(numbers.errors, "error"),
    ]
    queries, took = plural(numbers.queries, "SQL statement"), duration(profile.run.duration_ns)
    if profile.filtered:
        counts.append(f"of a run with {queries} in {took}")
    else:
        counts[-1:] = [queries, f"{counts[-1]} in {took}"]
    mode = "listening" if profile.run.listened else "watching only"
    return f"{', '.join(counts)}, Django {profile.run.django}, {mode}"


def _receivers(profile: Profile, *, wide: bool) -> list[Block]:
    """Return what each receiver did, the one that took most time by itself first."""
    ranked = sorted(profile.receivers.items(), key=lambda pair: (-pair[1].own_ns, pair[0]))
    if not ranked:
        return [Paragraph("no receiver was called", quiet=True)]
    rows = [_receiver(name, numbers, wide=wide) for name, numbers in ranked[:_MOST]]
    wrong = frozenset(place for place, (_, numbers) in enumerate(ranked[:_MOST]) if numbers.errors)
    blocks: list[Block] = [_grid(_RECEIVER, rows, frozenset(), wrong)]
    if len(ranked) > _MOST:
        blocks.append(Paragraph(f"and {plural(len(ranked) - _MOST, 'receiver')} that took less time"))
    return blocks


def _receiver(name: str, numbers: ReceiverNumbers, *, wide: bool) -> tuple[str, ...]:
    shown = safe(name, 200)
    module, _, short = shown.rpartition(".")
    return (
        shown if wide or not module else f"{tail(short, _NARROW)}\n{tail(module, _NARROW)}",
        f"{numbers.calls:,}",
        _some(numbers.passed),
        *_times(numbers),
        _some(numbers.queries),
        _some(numbers.errors),
    )


def _times(numbers: ReceiverNumbers) -> tuple[str, ...]:
    if numbers.untimed and numbers.untimed >= numbers.calls:
        return ("not known",) * 4
    return tuple(map(duration, (numbers.total_ns, numbers.own_ns, numbers.mean_ns, numbers.slowest_ns)))


def _grid(
    columns: tuple[str, ...], rows: list[tuple[str, ...]], dim: frozenset[int], wrong: frozenset[int]
) -> Grid:
    """Return a table without the columns that would be empty."""
    places = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    kept = tuple(columns[place] for place in places)
    cells = tuple(tuple(row[place] for place in places) for row in rows)
    return Grid(kept, cells, frozenset(columns[1:]), dim, wrong)


def _some(count: int) -> str:
    return f"{count:,}" if count else ""


def _signals(profile: Profile) -> list[Block]:
    ranked = sorted(profile.signals.items(), key=lambda pair: (-pair[1].total_ns, pair[0]))
    if not ranked:
        return []
    rows = [_signal(name, numbers) for name, numbers in ranked[:_MOST]]
    unheard = [place for place, (_, numbers) in enumerate(ranked[:_MOST]) if not numbers.calls]
    wrong = [place for place, (_, numbers) in enumerate(ranked[:_MOST]) if numbers.errors]
    return [_grid(_SIGNAL, rows, frozenset(unheard), frozenset(wrong)), *_rest(len(ranked), "signal")]


def _rest(count: int, noun: str) -> list[Block]:
    return [Paragraph(f"and {plural(count - _MOST, noun)} more")] if count > _MOST else []


def _signal(name: str, numbers: SignalNumbers) -> tuple[str, ...]:
    measured = numbers.calls or numbers.slowest_ns  # what nobody hears takes no time that anybody measured
    return (
        safe(name, 60),
        f"{numbers.dispatches:,}",
        _some(numbers.unheard),
        _some(numbers.calls),
        duration(numbers.total_ns) if measured else "",
        duration(numbers.slowest_ns) if measured else "",
        _some(numbers.queries),
        _some(numbers.errors),
    )


def _recursions(profile: Profile) -> list[str]:
    """Tell of receivers that cause what they are called for."""
    told = [
        f"{safe(receiver, 200)} causes {safe(name, 60)} of {safe(str(sender), 80)} again"
        f" while it handles it: {plural(times, 'time')}"
        for (receiver, name, sender), times in profile.recursions.most_common(_MOST - 1)
    ]
    note = "such a call inside of itself is in the total once; mean and slowest are of each call as it was"
    return [*told, note] if told else []


def _chain(profile: Profile) -> list[str]:
    """Tell what one dispatch became, where it became many."""
    burst = profile.largest
    if burst is None or burst.dispatches < _BURST:
        return []
    sent = f"one {safe(burst.name, 60)} of {safe(str(burst.sender), 80)} (#{burst.id})"
    return [f"{sent} became {plural(burst.dispatches, 'dispatch', 'dispatches')}, {burst.levels} deep"]


def _bypasses(profile: Profile) -> list[str]:
    ranked: Sequence[tuple[tuple[str, str], list[int]]] = sorted(
        profile.bypasses.items(), key=lambda pair: -pair[1][0]
    )
    return [
        f"{operation} of {safe(model, 80)}: {plural(times, 'time')}, {_rows(times, rows, unknown)}"
        for (operation, model), (times, rows, unknown) in ranked
    ]


def _rows(times: int, rows: int, unknown: int) -> str:
    """Tell how many rows were written without a signal, as far as the database said."""
    if not unknown:
        return f"{plural(rows, 'row')} without a signal"
    if unknown == times:
        return "of unknown rows, without a signal"
    return f"at least {plural(rows, 'row')} without a signal, {plural(unknown, 'time')} unknown"


def _callbacks(profile: Profile) -> list[str]:
    told = []
    for function, endings in profile.callbacks.items():
        counts = ", ".join(f"{count:,} {ending}" for ending, count in endings.most_common())
        told.append(f"{safe(function, 200)}: {counts}")
    return told


def _counted(numbers: Summary) -> list[str]:
    return [
        f"{safe(name, 60)}: {sum(senders.values()):,}"
        f" ({', '.join(f'{safe(sender, 80)} {times:,}' for sender, times in _most(senders))})"
        for name, senders in numbers.counted.items()
    ]


def _most(senders: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(senders.items(), key=lambda pair: -pair[1])[:10]
