"""Who called whom: every dispatch as a message from what sent it to what received it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sigexplorer.model import Bypass, Call, Callback, Dispatch, Trace
from sigexplorer.show.folding import Row, Timeline
from sigexplorer.show.text import plural, split_path

#: Sends what no receiver and no callback sent.
PROGRAM = "the program"


@dataclass(frozen=True, slots=True)
class Message:
    """One arrow: a signal on its way, or a write or a callback that stands for none."""

    sender: str
    receiver: str | None  # None: nobody heard it
    signal: str
    about: str  # the sender of the signal, in words
    depth: int
    times: int
    outcome: str  # what became of the call: "returned", "raised", ..., "unheard", "bypass", "callback"
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The messages of one step."""

    title: str | None
    messages: tuple[Message, ...]


def short(name: str) -> str:
    """Return the last part of a dotted name, after the class that it is in: what tells it from others."""
    if name.startswith(PROGRAM):
        return name
    module, last = split_path(name)
    around = module.rpartition(".")[2].lstrip("_")
    return f"{around}.{last}" if around[:1].isupper() else last or name


def sequence(trace: Trace, timeline: Timeline) -> tuple[Part, ...]:
    """Return the messages of the rows of ``timeline``, step by step."""
    dispatches = {dispatch.id: dispatch for dispatch in trace.dispatches}
    callbacks = {callback.id: callback for callback in trace.callbacks}

    def sender_of(row: Row) -> str:
        record = row.record
        cause = dispatches.get(record.parent or 0)
        if cause is None:
            callback = callbacks.get(record.callback or 0) if isinstance(record, Dispatch) else None
            if callback:
                return callback.function
            return f"{PROGRAM} [{row.where}]" if row.where else PROGRAM
        index = record.parent_call
        return cause.calls[index].receiver if index is not None and index < len(cause.calls) else cause.name

    return tuple(
        Part(
            section.step.title if section.step else None,
            tuple(_joined(message for row in section.rows for message in _messages(row, sender_of))),
        )
        for section in timeline.sections
    )


def _messages(row: Row, sender_of: Callable[[Row], str]) -> Iterator[Message]:
    record = row.record
    sender = sender_of(row)
    if isinstance(record, Callback):
        yield Message(
            sender,
            record.function,
            "on_commit",
            record.using,
            row.depth,
            row.times,
            record.ending,
            record.error,
        )
    elif isinstance(record, Bypass):
        rows = "rows unknown" if record.rows is None else plural(record.rows, "row")
        yield Message(
            sender,
            None,
            f"no signal: {record.operation}",
            f"{record.model} {rows}",
            row.depth,
            row.times,
            "bypass",
        )
    else:
        about = "None" if record.sender is None else record.sender
        plain = Message(sender, None, record.name, about, row.depth, row.times, "unheard", record.error)
        heard = [call for call in record.calls if _tells(call)]
        if not record.calls:
            yield plain
        for call in heard:
            yield replace(plain, receiver=call.receiver, outcome=call.outcome, error=call.error)


def _tells(call: Call) -> bool:
    """Whether a call is worth an arrow: those of Django's own receivers, where all went well, are not."""
    return not (call.receiver.startswith("django.") and call.outcome == "returned")


def _joined(messages: Iterator[Message]) -> Iterator[Message]:
    """Join consecutive messages that say the same."""
    held: Message | None = None
    for message in messages:
        if held is not None and replace(message, times=held.times) == held:
            held = replace(held, times=held.times + message.times)
            continue
        if held is not None:
            yield held
        held = message
    if held is not None:
        yield held
