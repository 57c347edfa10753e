"""The rows that capture notes while a program runs: atoms only, cheap to append.

A dispatch is one flat list, a *flight*, which is made when it opens, grows by one clock
reading as each sync receiver ends, and is a row once it is closed. What does not change
from one dispatch to the next, the names of things, is a ``Shape`` in a table beside the
rows. Everything that waits, texts and ids and nesting depth, is made by ``assembly``.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sigexplorer.model import Ending, Operation, Outcome, Scalar

#: A dispatch under way, or closed; one that reached nobody is a tuple from the beginning.
Flight = list[Any]

#: A file, a line, and the function that it is in.
Line = tuple[str, int, str]

# The places in a flight.
ID: Final = 0  # in the order of opening, over all rows of the process
SHAPE: Final = 1  # the index of its shape in the table
OUTER: Final = 2  # the flight around it while it is open; then the id of that, or 0
POSITION: Final = 3  # the index of the call of OUTER that was running; None without OUTER, -1 if unknown
TRANSACTIONS: Final = 4  # those that were open in its thread: pairs of alias and number, or None
ARGUMENTS: Final = 5  # a tuple as the shape lists them, or a list of pairs of name and scalar
NOTES: Final = 6  # None, or a dict of what is rare: see Notes
ORIGIN: Final = 7  # file, line, function; None where nobody asked
START: Final = 8  # clock(), just before the first receiver
ENDS: Final = 9  # from here on the clock as each sync receiver ended

#: Keys of a flight's notes: "error" (a text) and "end" (the clock) where the send did not
#: simply end with its last receiver, and by a receiver's position "results", "raised"
#: (texts), "queries" (SQL statements) and "calls" (a Called each, where clocks in a row
#: cannot tell). "callback" is the id of the on_commit callback that sent it, "sender" the
#: text for one that does not last: then the shape has none. "kept" is what a test compares
#: with, of arguments that are a list; a tuple of them has one more member then. Neither is
#: ever written. "begun" is the clock when the first sync receiver of an ``asend`` could begin: its
#: thread was busy before. "running" is true in a copy of a flight that is under way.
Notes = dict[str, Any]


class ShapeReceiver(NamedTuple):
    """A receiver as a shape lists it."""

    receiver: str
    file: str | None
    line: int | None
    dispatch_uid: str | None
    weak: bool
    is_async: bool
    muted: bool = False  # not called, and so without a clock of its own in the row


class Shape(NamedTuple):
    """What dispatches of one signal, by one method, from one sender to the same receivers share."""

    signal: str
    name: str
    group: str
    method: str
    sender: str | None
    arguments: tuple[tuple[str, str | None], ...]  # names, and of model instances the label
    receivers: tuple[ShapeReceiver | None, ...]  # None is our own tracing receiver, of which there is one
    twin: int = 0  # which of the senders of that name; never written


class Called(NamedTuple):
    """What became of one receiver, in full."""

    start: int
    end: int | None  # None: it is not known when it ran
    outcome: Outcome
    result: Scalar
    error: str | None
    queries: int


class Bypassed(NamedTuple):
    """A write without signals."""

    id: int
    start: int
    operation: Operation
    model: str
    rows: int | None
    outer: int
    position: int | None
    origin: Line | None
    would_call: tuple[str, ...]


class Undone(NamedTuple):
    """Part of a transaction was rolled back."""

    transaction: int
    since: int  # clock(): what was sent from then on
    until: int  # and before


class Promised(NamedTuple):
    """A function was given to ``on_commit``."""

    id: int
    start: int
    function: str
    file: str | None
    line: int | None
    using: str
    outer: int
    position: int | None
    origin: Line | None


class Kept(NamedTuple):
    """Such a function ran, or never will."""

    id: int
    start: int
    end: int
    ending: Ending
    error: str | None


#: What happens beside dispatches.
Event = Bypassed | Undone | Promised | Kept
