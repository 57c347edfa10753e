"""A trace as compressed columns of small numbers and tables of texts: what the page reads.

A dispatch says little that the one before it did not say: its signal, sender and thread
are a *kind*, numbered once; its times are differences; its texts are numbers of a table.
Each block stands for itself, so that a document streams and the page decodes it in slices.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from operator import attrgetter
from typing import Any

from sigexplorer.model import Bypass, Callback, Origin, Trace
from sigexplorer.show.coverage import Coverage, Notes
from sigexplorer.show.exporters.report.blocks import Block, Kinds, call_kind, kind
from sigexplorer.show.exporters.report.packing import LIMIT, clean, pack
from sigexplorer.show.opening_order import Opening
from sigexplorer.show.recording import rows
from sigexplorer.show.recording.load import assembled
from sigexplorer.show.recording.rows import Row
from sigexplorer.show.text import safe

Record = dict[str, Any]

#: Records of a block: the page decodes one in a few milliseconds.
BLOCK = 4_096

#: A name, and what is packed under it.
Part = tuple[str, str]

#: What is given in the order in which it opened.
_OPENING = frozenset({"dispatch", "bypass", "callback"})


class Parts:
    """Makes the named parts of a trace, packed, while its records are read."""

    def __init__(self, run: Record, files: ExitStack) -> None:
        self._kept = [run]
        self._opening = Opening(files)
        self._kinds, self._calls = Kinds(kind), Kinds(call_kind)
        self._block = Block(self._kinds, self._calls)
        self._others: dict[str, list[Record]] = {"bypass": [], "callback": []}
        self._dispatches = 0
        self._notes = Notes()
        self._sent: Counter[tuple[str, str]] = Counter()  # by what is the same in many rows
        self.held = True

    def add(self, held: Row | Record) -> Iterable[Part]:
        """Take a record, or a row; return what is complete."""
        opening = self._opening
        if isinstance(held, tuple) and not opening.waiting and len(self._block) < BLOCK - 1:  # as most are
            if int(held[rows.ID]) == opening.next:
                opening.next += 1
                self._block.row(held)
                return ()
        elif not isinstance(held, tuple) and held["type"] not in _OPENING:
            self._kept.append(held)
            return ()
        return self._in_order(held)

    def _in_order(self, held: Row | Record) -> Iterator[Part]:
        number = int(held[rows.ID]) if isinstance(held, tuple) else held["id"]
        opening = self._opening
        if number == opening.next and not opening.waiting:
            opening.next += 1
            yield from self._take(held)
        else:
            for thing in opening.add(number, held):
                yield from self._take(thing)

    def _take(self, held: Row | Record) -> Iterator[Part]:
        if isinstance(held, tuple):
            self._block.row(held)
        elif held["type"] == "dispatch":
            self._notes.read(held)
            self._block.record(held)
        else:
            self._notes.read(held)
            others = self._others[held["type"]]
            others.append(held)
            if len(others) >= BLOCK:
                yield self._other(held["type"])
        if len(self._block) >= BLOCK:
            yield from self._packed()

    def _packed(self) -> Iterator[Part]:
        block = self._block
        block.enter()
        self._sent.update(block.sent)
        self._dispatches += len(block)
        tables = {"kinds": clean(self._kinds.new()), "callKinds": clean(self._calls.new())}
        yield "numbers", pack(tables, block.numbers())
        # Apart from the numbers, so that the page opens without reading what nobody looks at yet.
        yield "texts", block.texts()
        self._block = Block(self._kinds, self._calls)

    def _other(self, name: str) -> Part:
        found, self._others[name] = self._others[name], []
        made = assembled([self._kept[0], *found])
        if name == "bypass":
            return "bypasses", pack([_bypass(bypass) for bypass in made.bypasses])
        return "callbacks", pack([_callback(callback) for callback in made.callbacks])

    def ending(self) -> Iterator[Part]:
        """Yield what is left, and at last what is said of the whole trace."""
        for thing in self._opening.rest():
            yield from self._take(thing)
        if len(self._block):
            yield from self._packed()
        for name, others in self._others.items():
            if others:
                yield self._other(name)
        trace = assembled(self._kept)
        self.held = trace.held
        for (names, receiver), times in self._sent.items():
            called = [json.loads(f'{{{receiver}, "outcome": "returned"}}')] if receiver else []
            self._notes.read(json.loads(f'{{"type": "dispatch", {names}}}') | {"calls": called}, times)
        covered = _coverage(self._notes.of(trace))
        yield "head", pack(_head(trace) | {"dispatches": self._dispatches, "coverage": covered})


def _head(trace: Trace) -> dict[str, Any]:
    run = trace.run
    return {
        "run": {
            "title": clean(run.title),
            "listened": run.listened,
            "started": clean(run.started_at),
            "duration": run.duration_ns,
            "versions": clean((run.sigexplorer, run.django, run.python)),
            "databases": clean(run.databases),
            "dropped": run.dropped,
            "complete": run.complete,
            "queries": run.queries,
            "notes": clean(run.notes),
        },
        "steps": [[*clean(_STEP(step)), _lines(step.source)] for step in trace.steps],
        "claims": [clean(_CLAIM(claim)) for claim in trace.claims],
        "counted": [clean((one.name, one.sender, one.times)) for one in trace.counted],
    }


def _coverage(found: Coverage) -> dict[str, Any]:
    return {
        "registrations": found.registrations,
        "called": clean([_CALLED(row) for row in found.called]),
        "notCalled": clean([_NOT_CALLED(row) for row in found.not_called]),
        "unheard": clean([_UNHEARD(row) for row in found.unheard]),
    }


_CALLED: Callable[[Any], tuple[Any, ...]] = attrgetter("receiver", "signal", "senders", "reason")
_NOT_CALLED: Callable[[Any], tuple[Any, ...]] = attrgetter(
    "receiver", "signal", "sender", "file", "line", "reason"
)
_UNHEARD: Callable[[Any], tuple[Any, ...]] = attrgetter("signal", "senders", "reason")
_STEP: Callable[[Any], tuple[Any, ...]] = attrgetter("id", "title", "start_ns", "duration_ns", "error")
_CLAIM: Callable[[Any], tuple[Any, ...]] = attrgetter("text", "held", "detail", "step")


def _lines(source: str | None) -> list[str] | None:
    return None if source is None else [safe(line, LIMIT) for line in source[:LIMIT].splitlines()]


_ORIGIN: Callable[[Origin], tuple[Any, ...]] = attrgetter("file", "line", "function")


def _place(origin: Origin | None) -> list[Any] | None:
    return None if origin is None else clean(_ORIGIN(origin))


def _bypass(bypass: Bypass) -> list[Any]:
    return [
        bypass.id, bypass.operation, clean(bypass.model), bypass.rows, bypass.start_ns, bypass.step,
        bypass.parent, bypass.parent_call, _place(bypass.origin), clean(bypass.would_call),
    ]  # fmt: skip


def _callback(one: Callback) -> list[Any]:
    return [
        one.id, clean(one.function), clean(one.file), one.line, clean(one.using), one.registered_ns, one.step,
        one.parent, one.parent_call, _place(one.origin), one.start_ns, one.duration_ns, one.ending,
        clean(one.error),
    ]  # fmt: skip
