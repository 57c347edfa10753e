"""What each thread notes while somebody observes: one lane per thread, drained by whoever watches.

Only its thread appends to a lane; who drains it takes all in one step: no program waits for a lock.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from sigexplorer.capture import words
from sigexplorer.capture.faults import is_of_a_handler
from sigexplorer.capture.turns import Turn
from sigexplorer.capture.windows import Window
from sigexplorer.spool.rows import ENDS, ID, NOTES, OUTER, SHAPE, Event, Flight

#: Enough to be worth handing over.
BATCH = 512

_FAULTS = 10

_PATIENCE = 5.0  # seconds to wait for another thread that hands rows over


class Lane:
    """The notes of one thread."""

    __slots__ = ("callback", "events", "flights", "open", "queries", "thread", "transactions", "used")

    def __init__(self, user: object) -> None:
        self.used = weakref.ref(user)  # dead when the thread is
        self.thread = guarded(_thread) or "?"
        self.open: Flight | None = None  # the innermost dispatch whose receiver runs in this thread
        self.flights: list[Flight] = []  # closed
        self.events: list[Event] = []
        self.callback = 0  # the on_commit callback that runs
        self.queries = 0  # SQL statements so far
        self.transactions: tuple[tuple[str, int], ...] | None = None  # open now: alias and number


class Here(threading.local):
    """Knows the lane of the thread that asks."""

    lane: Lane  # while it begins, a garbage collector's finalizer may ask for it: see FALLBACK

    def __init__(self) -> None:
        self._user = _User()
        self.lane = Lane(self._user)
        STREAM.lanes.append(self.lane)
        for begin in BEGINNINGS:
            guarded(begin, self.lane)


class _User:
    """Lives as long as its thread."""


#: What is to be known of a thread when its lane begins.
BEGINNINGS: list[Callable[[Lane], None]] = []


class Stream:
    """All lanes of the process, and who takes their rows."""

    def __init__(self) -> None:
        self.lanes: list[Lane] = []
        self._windows: tuple[weakref.ref[Window], ...] = ()
        self.origins = False  # whether anybody wants to know who sent
        self.carrying = False  # whether ``running`` was ever set
        self.keeping = 0  # how many want to know what was really sent: see ``keeping``
        self.kept = False  # whether anybody ever did
        self.in_memory = False  # whether anybody ever kept rows in memory
        self.batch = BATCH  # closed dispatches of a lane that wait for the next drain
        #: Dispatches that may outlast their send, by their id, with the thread that sent them.
        self.pending: dict[int, tuple[str, Flight]] = {}
        #: By the index of a shape, for each receiver that is called: its index among the calls of a record.
        self.calls: dict[int, tuple[int, ...]] = {}
        self._queries = 0  # of lanes that are gone
        self.exhausted = 0  # times that the stack had no room left for us, not even to say so
        self._emptied: list[tuple[str, list[Flight], list[Event], list[Window]]] = []  # and who has taken it
        self._turn = Turn()
        self._lock = threading.Lock()

    def add(self, window: Window) -> None:
        """Let ``window`` take every row that closes from now on, as long as somebody keeps it."""
        self.drain()
        with self._lock:
            self._set([*self._open_windows(), window])

    def remove(self, window: Window) -> None:
        """Give ``window`` nothing more."""
        with self._lock:
            self._set([other for other in self._open_windows() if other is not window])

    def _set(self, windows: list[Window]) -> None:
        self._windows = tuple(weakref.ref(window) for window in windows)
        self.origins = any(window.origins for window in windows)

    def _open_windows(self) -> list[Window]:
        return [window for reference in self._windows if (window := reference()) is not None]

    def is_flat(self, window: Window) -> bool:
        """Whether nobody but this window has, or takes, any rows: what is written may be forgotten."""
        return not self.in_memory and all(one is window for one in self._open_windows())

    def drain(self) -> None:
        """Hand what has closed to every window, and forget it; wait a while for whoever does so now."""
        self._turn.take(self._hand_over, patience=_PATIENCE)

    def drain_if_free(self) -> None:
        """Do it unless somebody does so now: the program must not wait for what another thread waits for."""
        self._turn.take(self._hand_over)

    def _hand_over(self) -> None:
        for lane in list(self.lanes):
            self._empty(lane)
        windows = self._open_windows()
        while self.exhausted:
            self.exhausted -= 1
            for window in windows:
                _missed(window, RecursionError())
        while self._emptied:
            # A Ctrl-C may come here too: the next time goes on where this one was interrupted.
            thread, flights, events, served = self._emptied[0]
            for window in windows:
                if any(window is one for one in served):
                    continue
                try:
                    if window.last is not flights:
                        window.take(thread, flights, events)
                except Exception as fault:
                    if is_of_a_handler(fault):
                        raise
                    _missed(window, fault)
                served.append(window)
            del self._emptied[0]

    def _empty(self, lane: Lane) -> None:
        ended, keep = lane.used() is None, self._emptied.append
        flights, events = lane.flights[:], lane.events[:]
        closed, happened = len(flights), len(events)
        if closed or happened:
            # Between the next two lines there is no call after which Python would look for a Ctrl-C.
            del lane.flights[:closed], lane.events[:happened]
            keep((lane.thread, flights, events, []))
        if ended:
            self.lanes.remove(lane)
            self._queries += lane.queries

    def forked(self) -> None:
        """Forget what the process that we were forked from has noted; its other threads are not ours."""
        self._lock = threading.Lock()
        self._turn = Turn()
        self._emptied.clear()
        self.pending.clear()
        self._queries = 0
        mine = here.lane
        mine.flights.clear()
        mine.events.clear()
        mine.queries = 0
        self.lanes = [mine]

    def under_way(self) -> dict[int, tuple[str, Flight]]:
        """Return by its id every dispatch that is open now, and the thread that sent it."""
        found: dict[int, tuple[str, Flight]] = {}
        for lane in list(self.lanes):
            flight: Any = lane.open
            while is_open(flight):
                found[flight[ID]] = (lane.thread, flight)
                flight = flight[OUTER]
        pending = list(self.pending.items())
        return {**found, **{number: one for number, one in pending if is_open(one[1])}}

    @property
    def queries(self) -> int:
        """SQL statements so far, of all threads."""
        count = [0]

        def add() -> None:
            count[:] = [self._queries, *(lane.queries for lane in list(self.lanes))]

        if not self._turn.take(add, patience=_PATIENCE):
            add()
        return sum(count)

    def failed(self, fault: Exception) -> None:
        """Let every window count a fault of ours, which costs a record and nothing else.

        What a signal handler of the program's has raised goes on to the program.
        """
        if is_of_a_handler(fault):
            raise fault
        for reference in self._windows:
            window = reference()
            if window is not None:
                _missed(window, fault)


def _missed(window: Window, fault: Exception) -> None:
    window.dropped += 1
    if len(window.faults) < _FAULTS:
        window.faults.append(said(fault))


STREAM = Stream()

#: Ids of rows, in the order in which they open.
next_id = itertools.count(1).__next__


def renew() -> None:
    """Begin new lanes, for all threads."""
    global here  # noqa: PLW0603 - one for the process
    here = Here()  # old lanes are left as soon as nobody uses them


# Where we are, for code whose thread is not the one that its dispatch was sent in.

#: A place is a flight, or for an async receiver a list of such a length that it tells its position.
Places = tuple[Flight, "Places | None"]

#: Set where a receiver's context may come to run in another thread.
running: ContextVar[Any] = ContextVar("sigexplorer_running", default=None)


def is_open(flight: Any) -> bool:
    """Whether this is a dispatch under way, and not one that is over or none at all."""
    return flight is not None and type(flight) is not int and type(flight[OUTER]) is not int


def recorded(place: Flight | None) -> Flight | None:
    """Return a place, or where its dispatch is no record the nearest around it that is."""
    while place is not None and not place[ID] and len(place) >= ENDS and is_open(place):
        place = place[OUTER]
    return place


def places(flight: Flight | None) -> Any:
    """Return the places from ``flight`` outwards, as ``running`` holds them."""
    flight = recorded(flight)
    return (flight, places(flight[OUTER])) if flight is not None and is_open(flight) else None


def around(lane: Lane) -> Flight | None:
    """Return the dispatch, as a place, that what happens now is part of.

    What outlives its receiver, as a task does, belongs to the nearest around it that is under way.
    """
    place, within = lane.open, running.get()
    while within is not None:
        candidate, within = within
        if is_open(candidate):
            # Whichever began later is inside of the other.
            return candidate if place is None or candidate[ID] >= place[ID] else place
    return place


def position(place: Flight | None) -> int | None:
    """Return the index among the calls of the receiver that runs now at ``place``; None after the last.

    Our own tracing receiver, where one is connected, is not among the calls; what is muted is.
    """
    if place is None:
        return None
    running_now = len(place) - ENDS
    calls = STREAM.calls.get(place[SHAPE])
    if calls is None or running_now < 0:
        return running_now
    return calls[running_now] if running_now < len(calls) else None


#: Under this key a flight of which nothing more is known notes the id of its signal.
SENDING = "signal"


def id_of(place: Flight | None) -> int:
    """Return the id of the dispatch at ``place``; 0 for none."""
    return 0 if place is None else place[ID]


def count_query() -> None:
    """Count one SQL statement for the receiver that is running now, and for those around it; never raises."""
    try:
        lane = here.lane
        lane.queries += 1
        if lane.open is None and not STREAM.carrying:  # as most are
            return
        place: Any = around(lane)
        while is_open(place):
            note = noted(place, "queries")
            running_now = len(place) - ENDS
            note[running_now] = note.get(running_now, 0) + 1
            place = place[OUTER]
    except Exception as fault:
        STREAM.failed(fault)


def noted(flight: Flight, key: str) -> dict[int, Any]:
    """Return the notes of a flight that go by ``key``, to be added to."""
    notes = flight[NOTES]
    if notes is None:
        notes = flight[NOTES] = {}
    found: dict[int, Any] = notes.setdefault(key, {})
    return found


def guarded(note: Callable[..., Any], *arguments: Any) -> Any:
    """Do something of ours whose fault must never become the program's; None if it fails."""
    try:
        return note(*arguments)
    except Exception as fault:
        STREAM.failed(fault)
        return None


def said(problem: BaseException) -> str:
    """Put a problem of whatever kind into words."""
    try:
        return words.error(problem)
    except Exception:
        return type(problem).__name__


def _thread() -> str:
    """Return the name of this thread, without making a thread object for one that has none."""
    thread = threading._active.get(threading.get_ident())  # type: ignore[attr-defined]
    name = words.attribute(thread, "_name")
    return words.bounded(name) if type(name) is str else f"thread {threading.get_ident()}"


_NOBODY = _User()

#: The lane of a thread whose own is not made yet.
FALLBACK = Lane(_NOBODY)
STREAM.lanes.append(FALLBACK)
Here.lane = FALLBACK

#: Renewed with the first observer, because what a lane knows of its thread's transactions
#: is known only while somebody observes.
here = Here()
