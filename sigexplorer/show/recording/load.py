"""Records back into a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any

from sigexplorer.errors import RecordingError
from sigexplorer.model import (
    Bypass,
    Call,
    Callback,
    Claim,
    Counted,
    Dispatch,
    ListedReceiver,
    Origin,
    Run,
    Step,
    Trace,
)
from sigexplorer.show.recording.check import CHECKS, Record, WrongRecordError
from sigexplorer.show.recording.dump import SCHEMA

#: The lists of a document, and the type of the records in them.
_LISTS = {"steps": "step", "dispatches": "dispatch", "bypasses": "bypass", "claims": "claim",
          "callbacks": "callback", "receivers": "receiver"}  # fmt: skip

#: Lists that a document of the contract may be without.
_LATER = frozenset({"callbacks", "receivers"})


def load(document: Record) -> Trace:
    """Return the trace that ``dump`` made ``document`` from; ``RecordingError`` if it is none.

    Keys that we do not know are left out: a later version may have added them.
    """
    check_document(document)
    made = _Maker()
    return Trace(
        run=made.run(document["run"]),
        counted=counted(document["summary"]),
        **{name: tuple(map(made.of(kind), document.get(name) or ())) for name, kind in _LISTS.items()},
    )


def check_document(document: Record) -> None:
    """Raise ``RecordingError``, with what is wrong and where, unless ``document`` is a trace."""
    check_format(document.get("schema"))
    _checked("run", document.get("run"), "its 'run'")
    for name, kind in _LISTS.items():
        held = document.get(name, [] if name in _LATER else None)
        if type(held) is not list:
            raise RecordingError(f"a trace has no list of '{name}'")
        for number, record in enumerate(held, 1):
            _checked(kind, record, f"number {number} of its '{name}'")
    _checked("end", document, "the trace")


def _checked(kind: str, record: Any, place: str) -> None:
    if type(record) is not dict:
        raise RecordingError(f"{place} is no object")
    try:
        CHECKS[kind](record)
    except WrongRecordError as problem:
        raise RecordingError(f"{place} is wrong: {problem}") from None


def check_format(schema: object) -> None:
    """Raise ``RecordingError`` unless ``schema`` is the name of a format that we read."""
    if schema == SCHEMA:
        return
    family, _, version = SCHEMA.partition("/")
    if isinstance(schema, str) and schema.startswith(f"{family}/"):
        raise RecordingError(
            f"its format is '{schema[:60]}', and this sigexplorer reads {version}",
            "a newer sigexplorer made it: upgrade this one",
        )
    raise RecordingError("it is no recording of sigexplorer")


def assemble(records: Iterable[Record]) -> Iterator[Trace]:
    """Yield the traces of which ``records``, checked and in the order of their lines, consist."""
    pending: list[Record] = []
    for record in records:
        if record["type"] == "run" and pending:
            yield assembled(pending)
            pending = []
        pending.append(record)
    if pending:
        yield assembled(pending)


def assembled(records: list[Record]) -> Trace:
    """Return the trace of these checked records: the run first, each in the order in which it opened."""
    made = _Maker()
    found: dict[str, list[Any]] = {kind: [] for kind in _LISTS.values()}
    ending: Record = {}
    for record in records[1:]:
        kind = record["type"]
        if kind in found:
            found[kind].append(made.of(kind)(record))
        elif kind == "end":
            ending = record["summary"]
    for kind in ("step", "dispatch", "bypass", "callback"):
        found[kind].sort(key=attrgetter("id"))
    lists = {name: tuple(found[kind]) for name, kind in _LISTS.items()}
    return Trace(run=made.run(records[0]), counted=counted(ending), **lists)


def counted(summary: Record) -> tuple[Counted, ...]:
    """Return what was counted and not recorded, of a summary's record."""
    table = summary.get("counted", {})
    return tuple(
        Counted(name, sender, times) for name, senders in table.items() for sender, times in senders.items()
    )


class _Maker:
    """Makes what a trace consists of; the same text is held once, however often it was read."""

    def __init__(self) -> None:
        texts: dict[Any, Any] = {}
        self._same: Callable[[Any, Any], Any] = texts.setdefault

    def of(self, kind: str) -> Callable[[Record], Any]:
        """Return what makes records of that type into what the model calls it."""
        made: Callable[[Record], Any] = getattr(self, kind)
        return made

    def run(self, record: Record) -> Run:
        return Run(
            title=record["title"],
            listened=record["listened"],
            started_at=record["started_at"],
            duration_ns=record["duration_ns"],
            sigexplorer=record["sigexplorer"],
            django=record["django"],
            python=record["python"],
            databases=tuple(record["databases"].items()),
            dropped=record["dropped"],
            complete=record["complete"],
            queries=record.get("queries", 0),
            notes=tuple(record.get("notes", ())),
        )

    def step(self, record: Record) -> Step:
        return Step(
            record["id"],
            record["title"],
            record["start_ns"],
            record["duration_ns"],
            record["error"],
            record.get("source"),
        )

    def dispatch(self, record: Record) -> Dispatch:
        same = self._same
        signal, name, group, sender = record["signal"], record["name"], record["group"], record["sender"]
        method = record.get("own_method") or record["method"]
        return Dispatch(
            record["id"],
            record["parent"],
            record["parent_call"],
            record["step"],
            same(signal, signal),
            same(name, name),
            same(group, group),
            same(method, method),
            same(sender, sender),
            record["start_ns"],
            record["duration_ns"],
            tuple(record["arguments"].items()),
            tuple([self._call(call) for call in record["calls"]]),
            record["error"],
            self._origin(record["origin"]),
            record["in_transaction"],
            record["rolled_back"],
            record["queries"],
            same(record["thread"], record["thread"]),
            record["process"],
            record.get("callback"),
        )

    def _call(self, record: Record) -> Call:
        same = self._same
        return Call(
            same(record["receiver"], record["receiver"]),
            record["order"],
            same(record["file"], record["file"]),
            record["line"],
            same(record["dispatch_uid"], record["dispatch_uid"]),
            record["weak"],
            record["async"],
            record["start_ns"],
            record["duration_ns"],
            same(record["outcome"], record["outcome"]),
            record["result"],
            record["error"],
            record["queries"],
        )

    def _origin(self, record: Record | None) -> Origin | None:
        if record is None:
            return None
        same = self._same
        file, function = record["file"], record["function"]
        return Origin(same(file, file), record["line"], same(function, function))

    def bypass(self, record: Record) -> Bypass:
        return Bypass(
            record["id"],
            record["operation"],
            record["model"],
            record["rows"],
            record["start_ns"],
            record["step"],
            record["parent"],
            record["parent_call"],
            self._origin(record["origin"]),
            tuple(record["would_call"]),
            record.get("thread"),
            record.get("process"),
        )

    def callback(self, record: Record) -> Callback:
        return Callback(
            record["id"],
            record["function"],
            record["file"],
            record["line"],
            record["using"],
            record["registered_ns"],
            record["step"],
            record["parent"],
            record["parent_call"],
            self._origin(record["origin"]),
            record["start_ns"],
            record["duration_ns"],
            record["ending"],
            record["error"],
            record.get("thread"),
            record.get("process"),
        )

    def claim(self, record: Record) -> Claim:
        return Claim(record["text"], record["held"], record["detail"], record.get("step"), record.get("fact"))

    def receiver(self, record: Record) -> ListedReceiver:
        return ListedReceiver(
            record["signal"],
            record["name"],
            record["receiver"],
            record["order"],
            record["file"],
            record["line"],
            record["sender"],
            record["dispatch_uid"],
            record["weak"],
            record["async"],
            record["alive"],
            self._origin(record["connected_at"]),
            record["stock"],
        )
