"""The cells of a timeline's rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sigexplorer.model import SECRET, Bypass, Call, Callback, Dispatch, Origin
from sigexplorer.show.folding import Row
from sigexplorer.show.look import Look
from sigexplorer.show.text import (
    NOT_CALLED,
    duration,
    indent,
    milliseconds,
    plural,
    safe,
    short_sender,
    shown,
    tail,
    took,
)
from sigexplorer.show.views.phrase import Phrase

#: Arguments that nearly every dispatch carries with the same value: shown by -v.
USUAL: dict[str, object] = {
    "raw": False,
    "using": "default",
    "update_fields": None,
    "reverse": False,
    "interactive": False,
    "stdout": "<OutputWrapper>",
    "apps": "<StateApps>",
}

#: Django's own receivers are named in one line, up to this many.
_NAMED = 3

_LONG = 50  # characters of a receiver's name


def wide(row: Row, look: Look) -> list[Phrase]:
    """Return number, time, signal, sender, arguments, receivers and SQL of a row."""
    record = row.record
    if isinstance(record, Bypass):
        cells = [
            _signal(row, look),
            Phrase(safe(record.model), style="cyan"),
            origins(row) if look.origins else Phrase(),
            _passed_by(record),
        ]
    elif isinstance(record, Callback):
        cells = [_signal(row, look), Phrase(), _registered(row, look), ending(record, row, look)]
    else:
        cells = [_signal(row, look), _sender(row, look), _arguments(row, look), _receivers(row, look)]
    return [*_when(row), *cells, _queries(row)]


def narrow(row: Row, look: Look) -> list[Phrase]:
    """Return number, time, signal over sender, arguments over receivers, and SQL of a row."""
    record = row.record
    below = Phrase(indent(row.depth))
    if isinstance(record, Bypass):
        below.append(safe(record.model), style="cyan")
        what = _lines([_passed_by(record), origins(row) if look.origins else Phrase()])
    elif isinstance(record, Callback):
        what = _lines([_registered(row, look), ending(record, row, look)])
    else:
        below = Phrase.joined("", (below, _sender(row, look)))
        what = _lines([_arguments(row, look), _receivers(row, look)])
    return [*_when(row), _lines([_signal(row, look), below]), what, _queries(row)]


def _lines(texts: Iterable[Phrase]) -> Phrase:
    return Phrase.joined("\n", (text for text in texts if text.plain.strip()))


def _when(row: Row) -> list[Phrase]:
    record = row.record
    start_ns = record.start_ns
    if isinstance(record, Callback) and start_ns is None:
        start_ns = record.registered_ns
    return [Phrase(str(record.id), style="dim"), Phrase(milliseconds(start_ns or 0), style="dim")]


def _signal(row: Row, look: Look) -> Phrase:
    record = row.record
    text = Phrase(indent(row.depth))
    if isinstance(record, Bypass):
        return text.append(f"no signal: {record.operation}", style="yellow")
    if isinstance(record, Callback):
        text.append("on_commit", style="bold")
    elif record.name in look.marked:
        text.append(f"> {safe(record.name)}", style="bold green")
    else:
        text.append(safe(record.name), style="bold")
    if row.times > 1:
        text.append(f" ×{row.times}")  # noqa: RUF001 - the contract's sign
    if isinstance(record, Dispatch) and record.rolled_back:
        text.append(f"\n{indent(row.depth)}rolled back", style="yellow")
    return text


def _registered(row: Row, look: Look) -> Phrase:
    """Tell who gave a callback to on_commit, and when."""
    callback = row.record
    assert isinstance(callback, Callback)  # noqa: S101 - said by the caller
    told = [f"registered by {_short(safe(row.cause, 200), look)}" if row.cause else "registered"]
    if callback.parent is not None:
        more = f" and {row.parents - 1} more" if row.parents > 1 else ""
        told.append(f"in #{callback.parent}{more}")
    first = " first" if row.times > 1 else ""
    told.append(f"at {milliseconds(callback.registered_ns)} ms{first}")
    if callback.using != "default":
        told.append(f"using={safe(callback.using)}")
    text = Phrase(" ".join(told), style="dim")
    return _lines([text, origins(row)]) if look.origins else text


def ending(callback: Callback, row: Row, look: Look) -> Phrase:
    """Tell what became of a callback."""
    text = Phrase(_short(safe(callback.function, 200), look))
    if callback.ending == "discarded":
        return text.append(" discarded: rolled back", style="yellow")
    if callback.ending == "waiting" or callback.start_ns is None:
        return text.append(" never ran: the transaction did not end", style="yellow")
    text.append(f" {duration(row.duration_ns)}", style="dim")
    if callback.ending == "raised":
        text.append(f" raised {safe(callback.error or '', 300)}", style="red")
    return text


def _sender(row: Row, look: Look) -> Phrase:
    dispatch = row.record
    assert isinstance(dispatch, Dispatch)  # noqa: S101 - said by the caller
    if row.times > 1 and dispatch.group == "migrate":
        return Phrase(f"{safe(str(dispatch.sender))} and {row.times - 1} more", style="cyan")
    if dispatch.sender is None:
        return Phrase("None", style="cyan")
    sender = safe(dispatch.sender, look.limit)
    return Phrase(sender if look.verbose else short_sender(sender), style="cyan")


def _arguments(row: Row, look: Look) -> Phrase:
    """Tell what a dispatch carried, and by whom it was sent where that is asked for."""
    assert isinstance(row.record, Dispatch)  # noqa: S101 - said by the caller
    text = arguments(row.record, look)
    return _lines([text, origins(row)]) if look.origins else text


def arguments(dispatch: Dispatch, look: Look) -> Phrase:
    """Tell what a dispatch carried."""
    told = [
        f"{safe(name, 40)}={_value(held, look.limit)}"
        for name, held in dispatch.arguments
        if look.verbose or name not in USUAL or held != USUAL[name]
    ]
    if dispatch.method != "send":
        told.append(f"by {dispatch.method}()")
    return Phrase(" ".join(told))


def _origin(place: Origin | None) -> Phrase:
    """Tell from where something was sent."""
    if place is None:
        return Phrase()
    return Phrase(f"from {safe(place.file, 120)}:{place.line} {safe(place.function)}", style="dim")


def origins(row: Row) -> Phrase:
    """Tell from where all that is joined in a row was sent, or registered."""
    more = f" and {plural(row.places - 1, 'other line')}" if row.places > 1 else ""
    return _origin(row.record.origin).append(more, style="dim")


def _value(held: object, limit: int) -> str:
    return shown(held, limit).replace(SECRET, "***")


def _receivers(row: Row, look: Look) -> Phrase:
    dispatch = row.record
    assert isinstance(dispatch, Dispatch)  # noqa: S101 - said by the caller
    if row.times > 1:
        return _repeated(row, look)
    text = _lines(_calls(dispatch, row.causes, look))
    if dispatch.unheard and dispatch.error is None:
        text = Phrase("unheard", style="dim")
    if dispatch.error is not None and dispatch.error not in {call.error for call in dispatch.calls}:
        text = _lines([text, Phrase(f"{dispatch.method}() raised {safe(dispatch.error, 300)}", style="red")])
    return text


def _repeated(row: Row, look: Look) -> Phrase:
    dispatch = row.record
    assert isinstance(dispatch, Dispatch)  # noqa: S101 - said by the caller
    if dispatch.unheard:
        return Phrase("unheard", style="dim")
    text = Phrase.joined(", ", (_one_of_many(call, look) for call in dispatch.calls))
    return text.append(f" {duration(row.duration_ns)} in all", style="dim")


def _one_of_many(call: Call, look: Look) -> Phrase:
    """Tell of a receiver that did the same each time, and what if it did not just return."""
    text = Phrase(safe(call.receiver, look.limit))
    if call.outcome == "raised":
        return text.append(f" raised {safe(call.error or '', 300)}", style="red")
    return text if call.outcome == "returned" else text.append(f" {call.outcome}", style="yellow")


def _calls(dispatch: Dispatch, causes: frozenset[int], look: Look) -> Iterator[Phrase]:
    """Tell of each receiver, in order; Django's own share a line unless there is something to tell."""
    quiet: list[str] = []
    for index, call in enumerate(dispatch.calls):
        stock = call.receiver.startswith("django.") and call.outcome == "returned" and index not in causes
        if stock and not look.verbose:
            quiet.append(safe(call.receiver.rpartition(".")[2]))
            continue
        if quiet:
            yield _stock(quiet)
            quiet = []
        yield _call(call, look)
    if quiet:
        yield _stock(quiet)


def _stock(names: list[str]) -> Phrase:
    named = ", ".join(names) if len(names) <= _NAMED else f"{len(names)} receivers of its own"
    return Phrase(f"Django: {named}", style="dim")


def _call(call: Call, look: Look) -> Phrase:
    text = Phrase(_short(safe(call.receiver, 200), look))
    if call.is_async:
        text.append(" async", style="dim")
    if call.outcome in NOT_CALLED:
        return text.append(f" {NOT_CALLED[call.outcome]}", style="yellow")
    text.append(f" {took(call.duration_ns)}", style="dim")
    if call.outcome == "raised":
        return text.append(f" raised {safe(call.error or '', 300)}", style="red")
    if call.result is not None:
        text.append(f" -> {_value(call.result, look.limit)}", style="dim")
    return text


def _short(name: str, look: Look) -> str:
    """Return the end of a long dotted name, which is what tells it from others."""
    return name if look.verbose else tail(name, _LONG)


def _passed_by(bypass: Bypass) -> Phrase:
    text = Phrase("rows unknown" if bypass.rows is None else plural(bypass.rows, "row"))
    if bypass.would_call:
        names = ", ".join(safe(name, 200) for name in bypass.would_call)
        text.append(f", not told: {names}", style="yellow")
    return text


def _queries(row: Row) -> Phrase:
    record = row.record
    return Phrase(str(record.queries) if isinstance(record, Dispatch) and record.queries else "")
