"""What the catalogue says, as documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sigexplorer import catalog
from sigexplorer.catalog.page import ANCIENT, Argument, Page, Version, dotted
from sigexplorer.show.document import Block, Bullets, Code, Commands, Document, Grid, Heading, Paragraph
from sigexplorer.show.text import duration, plural, shown

if TYPE_CHECKING:
    from sigexplorer.catalog.installed import Send
    from sigexplorer.catalog.listing import ListedSignal
    from sigexplorer.model import Dispatch, Trace

_CLAUSE_END = re.compile(r"[:;,]")


def listing(signals: Sequence[ListedSignal], django: str, *, wide: bool) -> Document:
    """Return the signals, group by group."""
    blocks: list[Block] = [Heading(_census(signals, django), level=1)]
    for section in dict.fromkeys(catalog.SECTIONS[signal.group] for signal in signals):
        rows = [signal for signal in signals if catalog.SECTIONS[signal.group] == section]
        blocks += [Heading(section), _signals(rows, wide=wide)]
    return tuple(blocks)


def _census(signals: Sequence[ListedSignal], django: str) -> str:
    later = sum(not signal.exists for signal in signals)
    custom = sum(signal.group == "custom" for signal in signals)
    counts = [f"{plural(len(signals) - custom - later, 'signal')} of Django {django}"]
    counts += [f"{custom} of the project"] if custom else []
    counts += [f"{later} of a newer Django"] if later else []
    return ", ".join(counts)


def _signals(rows: list[ListedSignal], *, wide: bool) -> Grid:
    missing = frozenset(number for number, row in enumerate(rows) if not row.exists)
    columns: tuple[str, ...] = ("signal, import from", "sender, arguments", "Django's", "others")
    cells: list[tuple[str, ...]]
    if wide:
        columns = ("signal", "import from", "sender", "arguments", "Django's", "others")
        cells = [
            (_name(row), row.signal.rpartition(".")[0], _sender(row), _arguments(row), *_counts(row))
            for row in rows
        ]
    else:
        cells = [
            (
                f"{_name(row)}\n{row.signal.rpartition('.')[0]}",
                f"{_sender(row)}\n{_arguments(row)}",
                *_counts(row),
            )
            for row in rows
        ]
    return Grid(columns, tuple(cells), frozenset({"Django's", "others"}), missing)


def _name(row: ListedSignal) -> str:
    return row.name if row.exists else f"{row.name} (from {row.added})"


def _sender(row: ListedSignal) -> str:
    return _CLAUSE_END.split(row.sender or "whatever sends it")[0]


def _arguments(row: ListedSignal) -> str:
    if row.sender is None:
        return "whatever is sent"
    return ", ".join(row.arguments) or "none"


def _counts(row: ListedSignal) -> tuple[str, str]:
    if not row.exists:
        return "", ""
    return str(row.receivers_django), str(row.receivers - row.receivers_django)


def contents(pages: Iterable[Page], version: Version) -> Document:
    """Return the list of the pages."""
    rows = tuple((_title(page, version), page.summary) for page in pages)
    return (Heading("signals", level=1), Grid(("signal", "what happened"), rows))


def _title(page: Page, version: Version) -> str:
    return page.name if page.exists_in(version) else f"{page.name} (from {dotted(page.added)})"


def found(matches: Sequence[tuple[Page, str]]) -> Document:
    """Return where a text was found: each page with the sentence."""
    rows = tuple((page.name, sentence) for page, sentence in matches)
    return (Heading(plural(len(rows), "place"), level=1), Grid(("signal", "says"), rows))


def page(entry: Page, version: Version, sends: Sequence[Send], asks: Sequence[Send] = ()) -> Document:
    """Return everything about one signal, as it is in the Django of ``version``.

    ``sends`` are the places that send it, ``asks`` those that send it only if somebody listens.
    """
    added = (
        ""
        if entry.exists_in(version)
        else f" This Django lacks it: it is there from {dotted(entry.added)} on."
    )
    undocumented = "" if entry.documented else " Django's documentation does not mention it."
    blocks: list[Block] = [
        Heading(entry.path, level=1),
        Paragraph(f"{entry.summary[0].upper()}{entry.summary[1:]}.{added}{undocumented}"),
        *(Heading("When"), Paragraph(entry.when)),
        *(Heading("Sender"), Paragraph(f"{entry.sender[0].upper()}{entry.sender[1:]}.")),
        *(Heading("Arguments"), _argument_grid(entry.arguments_in(version))),
    ]
    for table in entry.tables:
        blocks += [Heading(table.title), Grid(table.columns, table.rows)]
    if sends:
        blocks += [Heading("Sent by, in the installed Django"), _sent_by(sends)]
    if asks:
        blocks += [Heading("Asked first whether somebody listens, by"), _sent_by(asks)]
    blocks += [
        *(Heading("Pitfalls"), Bullets(entry.pitfalls_in(version))),
        *(Heading("A receiver"), Code(entry.example)),
        *(Heading("See it happen"), _commands(entry)),
        *(Heading("Related"), Paragraph(", ".join(entry.related))),
    ]
    return tuple(blocks)


def _argument_grid(arguments: tuple[Argument, ...]) -> Block:
    if not arguments:
        return Paragraph("None besides signal and sender, which every receiver gets.")
    rows = tuple((argument.name, argument.type, _meaning(argument)) for argument in arguments)
    return Grid(("argument", "type", "meaning"), rows)


def _meaning(argument: Argument) -> str:
    since = f"since Django {dotted(argument.since)}" if argument.since != ANCIENT else ""
    asides = [text for text in (argument.only, argument.changed, since) if text]
    return f"{argument.meaning} ({'; '.join(asides)})" if asides else argument.meaning


def _sent_by(sends: Sequence[Send]) -> Block:
    return Bullets(
        tuple(f"{send.file}:{send.line} with {send.method}() in {send.function}" for send in sends)
    )


def _commands(entry: Page) -> Block:
    commands = [(f"sigexplorer trigger {entry.name}", entry.trigger)]
    commands += [(f"sigexplorer scenario {name}", "") for name in entry.scenarios]
    return Commands(tuple(commands))


def example(dispatch: Dispatch) -> Document:
    """Return one captured dispatch, as a table of what it carried."""
    rows = [("sender", shown(dispatch.sender)), ("sent with", f"{dispatch.method}()")]
    rows += [(name, shown(held, 200)) for name, held in dispatch.arguments]
    if dispatch.origin is not None:
        rows.append(
            ("caused by", f"{dispatch.origin.file}:{dispatch.origin.line} {dispatch.origin.function}")
        )
    rows += [("receiver", call.receiver) for call in dispatch.calls]
    return (Heading("Seen just now"), Grid(("what", "value"), tuple(rows)))


def search(pages: Iterable[Page], version: Version, text: str) -> list[tuple[Page, str]]:
    """Return the pages that mention ``text``, each with the sentences that do."""
    wanted = text.casefold()
    return [
        (entry, sentence)
        for entry in pages
        for sentence in _sentences(entry, version)
        if wanted in sentence.casefold()
    ]


def _sentences(entry: Page, version: Version) -> list[str]:
    arguments = [f"{argument.name}: {_meaning(argument)}" for argument in entry.arguments_in(version)]
    cells = [" ".join(row) for table in entry.tables for row in table.rows]
    return [
        entry.path,
        entry.summary,
        entry.when,
        entry.sender,
        *arguments,
        *entry.pitfalls_in(version),
        *cells,
    ]


def scenarios(entries: Iterable[tuple[str, str, Version]], version: Version) -> Document:
    """Return the list of scenarios: names, summaries and the Django that each needs."""
    rows = tuple(
        (name if version >= added else f"{name} (from {dotted(added)})", summary)
        for name, summary, added in entries
    )
    return (Heading(plural(len(rows), "scenario"), level=1), Grid(("scenario", "what happens"), rows))


def outcomes(told: Sequence[tuple[str, Trace]], later: Mapping[str, Version]) -> Document:
    """Return what came of several runs; ``later`` are those that need a newer Django."""
    rows = [_outcome(name, trace) for name, trace in told]
    rows += [(name, f"from {dotted(added)}", "", "", "") for name, added in later.items()]
    columns = ("name", "claims held", "dispatches", "SQL", "time")
    held = sum(trace.held for _, trace in told)
    blocks: list[Block] = [
        Heading(f"{held} of {plural(len(told), 'run')} held", level=1),
        Grid(columns, tuple(rows), frozenset(columns[1:])),
    ]
    failures = [
        f"{name}: {claim.text}: {claim.detail or 'it did not hold'}"
        for name, trace in told
        for claim in trace.claims
        if not claim.held
    ]
    if failures:
        blocks += [Heading("Failed"), *_why(trace for _, trace in told), Bullets(tuple(failures))]
    return tuple(blocks)


def _why(traces: Iterable[Trace]) -> tuple[Block, ...]:
    """Return what may be the reason where a claim is about what could not be seen."""
    notes = dict.fromkeys(note for trace in traces for note in trace.run.notes)
    return (Paragraph(f"{'; '.join(notes)}: what is claimed of them may fail for that."),) if notes else ()


def _outcome(name: str, trace: Trace) -> tuple[str, str, str, str, str]:
    held = sum(claim.held for claim in trace.claims)
    from sigexplorer.model import summarise

    summary = summarise(trace)
    time = duration(trace.run.duration_ns)
    claims = f"{held} of {len(trace.claims)}" if trace.claims else "no claims"
    return (name, claims, f"{summary.dispatches:,}", f"{summary.queries:,}", time)
