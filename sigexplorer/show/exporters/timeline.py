"""One trace as events of Chrome's, written while its records are read.

What is kept is what is open, and where the last of those began that may still be a cause.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from contextlib import ExitStack
from heapq import heappop, heappush
from typing import Any

from sigexplorer.show.exporters.events import Span, Texts, shown
from sigexplorer.show.exporters.flame import Flame
from sigexplorer.show.exporters.lanes import ANYTHING, Lanes
from sigexplorer.show.opening_order import Opening
from sigexplorer.show.recording import rows
from sigexplorer.show.recording.rows import Row

Record = dict[str, Any]

_PER_THREAD = 1_000  # tracks of one thread, of which only as many as overlap are used
_FAR = 10**9  # from where on those are that are more than that
_PLACES = 20_000  # of causes, that are remembered
_THREADS = 1_000  # by what rows say of them
_NEVER = 2**80


class _Thread:
    """The tracks of one thread, and what is known to begin on them but not before now."""

    def __init__(self, name: str, process: int | None, base: int, files: ExitStack) -> None:
        self.name, self.process = name, process
        self.lanes = Lanes()
        self.pending: list[tuple[int, int, int, Span]] = []  # a heap
        self._files = files
        self.flame = Flame(files)
        self.first = base + 1
        self.tracks = [(self.first, self.flame)]

    def track(self, number: int) -> tuple[int, Flame]:
        """Return a track and its flame; those of one thread follow each other."""
        while len(self.tracks) <= number:
            near, place = len(self.tracks) < _PER_THREAD - 1, self.first + len(self.tracks)
            self.tracks.append((place if near else place + _FAR * self.first, Flame(self._files)))
        return self.tracks[number]

    def has(self, track: int) -> bool:
        """Whether a track is one of this thread."""
        return any(number == track for number, _ in self.tracks)


class _Causes:
    """Where the last things are: a track and a time each."""

    def __init__(self) -> None:
        self._recent: dict[Hashable, Any] = {}
        self._older: dict[Hashable, Any] = {}

    def add(self, key: Hashable, place: Any) -> None:
        """Remember where something is."""
        if len(self._recent) >= _PLACES:
            self._older, self._recent = self._recent, {}
        self._recent[key] = place

    def of(self, key: Hashable) -> Any:
        """Return where something is, which is remembered anew; None where nobody knows."""
        place = self._recent.get(key)
        if place is None and (place := self._older.get(key)) is not None:
            self.add(key, place)
        return place


class Timeline:
    """Makes the events of one trace, in the order in which its records opened."""

    def __init__(self, process: int, title: str, files: ExitStack) -> None:
        self._files = files
        self._texts = Texts(process)
        #: Those that nobody has taken, each as its text.
        self.events = [self._texts.told("process_name", 0, {"name": shown(title)})]
        self._opening = Opening(files)
        self._steps: list[Record] = []
        self._threads: dict[Hashable, _Thread] = {}
        self._known: dict[str, _Thread] = {}  # by what rows say of them
        self._last: _Thread | None = None
        self._at = _Causes()
        self._callbacks: dict[Hashable, tuple[_Thread, Span]] = {}  # those that did not begin yet
        self._flows = self._pending = 0

    def taken(self) -> str:
        """Return the events so far, each with a separator before it, which are gone then."""
        text = ",\n".join(("", *self.events))
        self.events.clear()
        return text

    def row(self, row: Row) -> None:
        """Take a dispatch in which at most one receiver was called."""
        number = int(row[rows.ID])
        opening = self._opening
        if number == opening.next and not opening.waiting and self._at_once(row, number):
            opening.next += 1
        else:
            for thing in opening.add(number, row):
                self._take(thing)

    def record(self, record: Record) -> None:
        """Take any other record."""
        kind = record["type"]
        if kind == "step":
            self._steps.append(record)
        elif kind in {"dispatch", "bypass", "callback"}:
            for thing in self._opening.add(record["id"], record):
                self._take(thing)

    def _at_once(self, row: Row, number: int) -> bool:
        """Write a dispatch that stands alone: nothing is around it, nothing but its call in it."""
        thread = self._known.get(row[rows.THREAD]) or self._of_row(row)
        lane, start = thread.lanes.lanes[0], int(row[rows.START])
        if thread.pending:
            self._begin(thread, start)
        if lane.open:
            lane.close(start)
        if (
            not row[rows.RECEIVER] or row[rows.PARENT] != "null" or row[rows.CALLBACK] != "null"
            or thread.pending or lane.open or lane.latest > start
        ):  # fmt: skip
            return False
        end, call_start = start + int(row[rows.DURATION]), int(row[rows.CALL_START])
        call_end = call_start + int(row[rows.CALL_DURATION])
        if not start <= call_start <= call_end <= end:
            return False
        texts, track = self._texts, thread.first
        name, head, sender = texts.names(row[rows.NAMES])
        receiver, call_head, file = texts.receiver(row[rows.RECEIVER])
        self.events += (
            f"{head}{track}{texts.dispatch_tail(row, sender)}",
            f"{call_head}{track}{texts.call_tail(row, file)}",
        )
        thread.flame.add_leaf(
            (name, receiver), start, (call_start - start, call_end - call_start, end - call_end)
        )
        lane.latest = end
        self._last = thread
        self._at.add(number, (track, start, call_start))
        return True

    def _take(self, thing: Row | Record) -> None:
        """Place what is the next to have opened."""
        if isinstance(thing, tuple):
            thread = self._known.get(thing[rows.THREAD]) or self._of_row(thing)
            self._dispatch(thread, self._texts.of_row(thing))
        elif thing["type"] == "dispatch":
            thread = self._thread(thing["thread"], thing["process"])
            self._dispatch(thread, self._texts.of_dispatch(thing))
        elif thing["type"] == "callback":
            self._callback(thing)
        else:
            place = self._where((thing["parent"], thing["parent_call"]), thing["start_ns"])
            self.events.append(self._texts.bypass(thing, place[0] if place else _PER_THREAD + 1))

    def _dispatch(self, thread: _Thread, spans: Iterator[Span]) -> None:
        dispatch = next(spans)
        self._last = thread
        if dispatch.cause in self._callbacks:  # it ran where this was sent
            _, callback = self._callbacks[dispatch.cause]
            self._wait(thread, callback)
        self._begin(thread, dispatch.start)
        self._place(thread, dispatch)
        for call in spans:
            self._wait(thread, call)

    def _callback(self, record: Record) -> None:
        if record["start_ns"] is None:
            return
        cause = self._where((record["parent"], record["parent_call"]), record["registered_ns"])
        thread = self._last
        if record.get("thread") is not None:
            thread = self._thread(record["thread"], record.get("process") or 0)
        elif cause is not None:
            thread = next((each for each in self._threads.values() if each.has(cause[0])), thread)
        thread = thread or self._thread("MainThread", 0)
        self._wait(thread, self._texts.of_callback(record, cause, ANYTHING))

    def _wait(self, thread: _Thread, span: Span) -> None:
        """Let something wait until something else begins after it."""
        if span.inside is ANYTHING:
            self._callbacks[span.key] = (thread, span)
        self._pending += 1
        heappush(thread.pending, (span.start, -span.end, self._pending, span))

    def _begin(self, thread: _Thread, until: int) -> None:
        """Place what began up to then."""
        while thread.pending and thread.pending[0][0] <= until:
            span = heappop(thread.pending)[-1]
            if span.inside is not ANYTHING:
                self._place(thread, span)
            elif self._callbacks.get(span.key, (None, None))[0] is thread:  # and was not moved elsewhere
                del self._callbacks[span.key]
                self._place(thread, span)

    def _place(self, thread: _Thread, span: Span) -> None:
        number, nested = thread.lanes.place(span.key, span.inside, span.start, span.end)
        track, flame = thread.track(number)
        self._at.add(span.key, (track, span.start))
        self.events.append(f"{span.head}{track}{span.tail}")
        flame.add(span.name, span.start, span.end)
        cause = None if nested else self._cause(span)
        if cause is not None and (span.cause is not None or cause[0] != track):
            self._flows += 1
            self.events += self._texts.flow(self._flows, cause, (track, span.start))

    def _cause(self, span: Span) -> Any:
        """Return where the cause is of what stands on a track of its own; of a call, its dispatch."""
        if span.inside is ANYTHING:
            return span.cause
        if span.cause is not None:
            return self._where(span.cause, span.start)
        return None if span.inside is None else self._found(span.inside)

    def _where(self, key: Any, until: int) -> tuple[int, int] | None:
        """Return the track and the time at which something began, if that was before ``until``."""
        found = self._found(key)
        if found is None and key[0] is not None:
            for thread in list(self._threads.values()):
                self._begin(thread, until)
            found = self._found(key)
        return found

    def _found(self, key: Any) -> tuple[int, int] | None:
        place: tuple[int, int] | None = self._at.of(key)
        if place is None and (alone := self._at.of(key[0])) is not None and key[1] in {None, 0}:
            track, start, call_start = alone
            place = (track, start if key[1] is None else call_start)
        return place

    def _of_row(self, row: Row) -> _Thread:
        held = json.loads(f"{{{row[rows.THREAD]}}}")
        thread = self._thread(held["thread"], held["process"])
        if len(self._known) < _THREADS:
            self._known[row[rows.THREAD]] = thread
        return thread

    def _thread(self, name: str, process: int) -> _Thread:
        key = (name, process)
        if key not in self._threads:
            self._threads[key] = _Thread(name, process, (len(self._threads) + 1) * _PER_THREAD, self._files)
        return self._threads[key]

    def ending(self) -> Iterator[str]:
        """Yield all that is left when the trace has ended."""
        for thing in self._opening.rest():
            self._take(thing)
        for thread in list(self._threads.values()):
            self._begin(thread, _NEVER)
        threads = [*self._threads.values(), *self._of_steps()]
        several = len({each.process for each in self._threads.values()}) > 1
        for thread in threads:
            name = f"{thread.name} of process {thread.process}" if several and thread.process else thread.name
            for number, (track, _) in enumerate(thread.tracks, 1):
                told = {"name": shown(name if number == 1 else f"{name} ({number})")}
                self.events += (
                    self._texts.told("thread_name", track, told),
                    self._texts.told("thread_sort_index", track, {"sort_index": track}),
                )
        yield self.taken()
        for thread in threads:  # the first is shown by speedscope: no steps
            for track, flame in thread.tracks:
                yield from self._texts.profile(track, flame.profile())

    def _of_steps(self) -> Iterator[_Thread]:
        """Place the steps, if there are any."""
        thread = _Thread("steps", None, 0, self._files)
        for record in sorted(self._steps, key=lambda each: (each["start_ns"], -each["duration_ns"])):
            self._place(thread, self._texts.of_step(record, ANYTHING))
        if self._steps:
            yield thread
