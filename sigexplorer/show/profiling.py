"""The numbers of every trace of a source, in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sigexplorer.model import Trace
from sigexplorer.show.filters import Filters, Names, Sieve
from sigexplorer.show.look import Look
from sigexplorer.show.profile import Measure, Profile
from sigexplorer.show.recording import Recording, records
from sigexplorer.show.recording.load import assembled
from sigexplorer.show.rollup import rolled_up
from sigexplorer.show.source import Source, each, sieves
from sigexplorer.show.tally import Tally

Record = dict[str, Any]


def profiles(source: Source, look: Look) -> list[Profile]:
    """Return the numbers of every trace in ``source``, in one pass and in constant memory.

    A file that says itself what it adds up to is not read further than that.
    """
    if isinstance(source, Recording) and look.filters == Filters():
        rolled = rolled_up(source.file)
        if rolled is not None:
            return [rolled.profile]
    names = Names(look.filters)
    each_sieve = sieves(source, look.filters)
    found = [_measured(stream, next(each_sieve), names) for stream in each(source.records())]
    names.check()
    return found


def profile_of(trace: Trace) -> Profile:
    """Return the numbers of a trace in memory."""
    return _measured(iter(records(trace)), Sieve(Filters()), Names(Filters()))


def _measured(stream: Iterator[Record], sieve: Sieve, names: Names) -> Profile:
    first = next(stream)
    measure = Measure(Profile(assembled([first]).run))
    tally = Tally()
    tally.add(first)
    everything = sieve.filters == Filters()
    for record in stream:
        kind = record["type"]
        names.read(record)
        if kind == "dispatch":
            shown = everything or sieve.record(record)
            measure.dispatch(record, shown=shown)
        else:
            shown = everything or kind != "bypass" or sieve.bypass_record(record)
            measure.other(
                record, shown=shown and (kind != "callback" or not _leaves_callbacks(sieve.filters))
            )
        if shown:
            tally.add(record)
    measure.profile.summary = tally.summary()
    return measure.profile


def _leaves_callbacks(filters: Filters) -> bool:
    """Whether no callback can be meant: it has neither signal nor sender."""
    return filters.narrows or filters.sender is not None
