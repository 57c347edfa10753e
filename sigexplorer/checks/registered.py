"""The registrations of the running project, by the functions of the checked files that they call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sigexplorer.checks.facts import File, Function
from sigexplorer.checks.live import Live, LiveReceiver, SenderKind

Registered = dict[Function, list[LiveReceiver]]


def registered(live: Live | None, files: Sequence[File]) -> Registered:
    """Return every registration whose receiver stands in these files, the dead included."""
    found: Registered = defaultdict(list)
    if live is None:
        return found
    places = {
        (
            str(file.path.resolve()),
            min([one.node.lineno, *(each.lineno for each in one.node.decorator_list)]),
        ): one
        for file in files
        for one in file.functions
    }
    for one in live.receivers:
        function = places.get((one.file or "", one.line or 0))
        if function is not None:
            found[function].append(one)
    return found


def still_there(found: Registered) -> Registered:
    """Return those whose receiver can still be called."""
    alive = {function: [one for one in lives if one.alive] for function, lives in found.items()}
    return {function: lives for function, lives in alive.items() if lives}


def connected_for(found: Registered, kind: SenderKind) -> Iterator[tuple[Function, LiveReceiver]]:
    """Return those that were connected for such a sender."""
    for function, lives in found.items():
        yield from ((function, live) for live in lives if live.sender_kind == kind)
