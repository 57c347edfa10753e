"""Whoever observes, as the lanes see it."""

from __future__ import annotations

from typing import Protocol

from sigexplorer.spool.rows import Event, Flight


class Window(Protocol):
    """Whoever takes the rows of every lane while it is open."""

    origins: bool  # whether it wants to know who sent
    inits: bool  # whether it wants each pre_init and post_init, and not only their number
    faults: list[str]  # the first few of ours, in words
    dropped: int  # all of them
    last: list[Flight] | None  # those that it took last, noted in the same step as it takes them

    def take(self, thread: str, flights: list[Flight], events: list[Event]) -> None:
        """Take what one thread has noted; several windows take the same rows."""
