"""``sigexplorer docs``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

from sigexplorer import catalog
from sigexplorer.cli import facts, options
from sigexplorer.cli.declare import Argument, Option
from sigexplorer.errors import SigexplorerError, UsageError

if TYPE_CHECKING:
    from sigexplorer.answers import BothWays
    from sigexplorer.catalog import page
    from sigexplorer.model import Dispatch
    from sigexplorer.show.document import Document


def docs(
    signal: Annotated[str | None, Argument(help="A signal.", complete=options.complete_signal)] = None,
    search: Annotated[
        str | None, Option("--search", help="List the pages that mention this.", metavar="TEXT")
    ] = None,
    live: Annotated[bool, Option("--live", help="Add one example, captured now.")] = False,
    listed: facts.Listed = False,
    format_name: options.Format = None,
    output: options.Output = None,
) -> None:
    """Say what a signal means: arguments, sender, when, who sends it, pitfalls, facts."""
    if signal is not None:
        facts.hint_at(signal)
    if listed:
        if live:
            raise UsageError("--live shows a signal, and --facts lists facts", "use one of them")
        facts.answer(signal, search, format_name, output)
        return
    from sigexplorer.catalog.installed import django_version
    from sigexplorer.cli.output import emit, to_json
    from sigexplorer.show.exporters import markdown
    from sigexplorer.show.views import document

    entries, shown, seen = _answer(signal, search, live=live)
    version = django_version()
    writers = {
        "json": lambda: to_json(
            {"schema": "sigexplorer.docs/1", "docs": [_record(entry, version, seen) for entry in entries]}
        ),
        "markdown": lambda: markdown.write(shown),
    }
    emit(lambda width: document.render(shown, width), writers, format_name, output)


def _answer(
    signal: str | None, search: str | None, *, live: bool
) -> tuple[list[page.Page], Document, Live | None]:
    """Return the pages, what is shown of them, and the example that was asked for."""
    from sigexplorer.catalog.installed import asks, django_version, sends
    from sigexplorer.show import pages

    version = django_version()
    if signal is not None and search is None:
        entry = catalog.find(signal)
        from sigexplorer.show.facts import of_signal

        seen = _live(entry, version) if live else None
        shown = (*pages.page(entry, version, sends(entry), asks(entry)), *of_signal(entry, version))
        return [entry], (*shown, *_shown(entry, seen)) if seen else shown, seen
    if live:
        raise UsageError("--live needs the name of one signal", "such as: sigexplorer docs post_save --live")
    if search is None:
        return list(catalog.PAGES), pages.contents(catalog.PAGES, version), None
    if not search.strip():
        raise UsageError("--search needs a text")
    within = catalog.PAGES if signal is None else (catalog.find(signal),)
    matches = pages.search(within, version, search)
    return list(dict.fromkeys(entry for entry, _ in matches)), pages.found(matches), None


@dataclass(frozen=True, slots=True)
class Live:
    """What was seen just now."""

    example: Dispatch
    both_ways: BothWays | None  # of signals that Django asks for before it decides what to do


def _live(entry: page.Page, version: page.Version) -> Live:
    from sigexplorer.playground.both_ways import ASKED_FOR, measure

    example = _example(entry, version)
    return Live(example, measure(entry) if entry.name in ASKED_FOR else None)


def _shown(entry: page.Page, seen: Live) -> Document:
    from sigexplorer.show import both_ways, pages

    measured = both_ways.measured(seen.both_ways, entry.name) if seen.both_ways else ()
    return (*pages.example(seen.example), *measured)


def _example(entry: page.Page, version: page.Version) -> Dispatch:
    """Trigger the signal and return the first dispatch of it."""
    from sigexplorer.playground import runs

    runs.check_version(entry.name, entry.added, version)
    with runs.open_playground(listen=True):
        trace = runs.run_trigger(entry)
    for dispatch in trace.dispatches:
        if dispatch.signal == entry.path:
            return dispatch
    raise SigexplorerError(f"Django did not send {entry.name}", f"see sigexplorer trigger {entry.name}")


def _record(entry: page.Page, version: page.Version, seen: Live | None) -> dict[str, Any]:
    from sigexplorer.catalog.facts import concerning
    from sigexplorer.catalog.installed import asks, sends
    from sigexplorer.catalog.page import ANCIENT, dotted
    from sigexplorer.show import both_ways, recording

    record = asdict(entry)
    record["added"] = dotted(entry.added) if entry.added != ANCIENT else None
    record["pitfalls"] = list(entry.pitfalls_in(version))
    record["arguments"] = [_argument(argument) for argument in entry.arguments_in(version)]
    record["sent_by"] = [asdict(send) for send in sends(entry)]
    record["asked_by"] = [asdict(ask) for ask in asks(entry)]
    record["facts"] = [fact.id for fact in concerning(entry.name)]
    live: dict[str, Any] = {"live": recording.dump_dispatch(seen.example)} if seen else {}
    if seen and seen.both_ways:
        live["listening"] = both_ways.numbers(seen.both_ways)
    return {"signal": entry.path, **record, "exists": entry.exists_in(version), **live}


def _argument(argument: page.Argument) -> dict[str, Any]:
    from sigexplorer.catalog.page import ANCIENT, dotted

    since = dotted(argument.since) if argument.since != ANCIENT else None
    return {**asdict(argument), "since": since}
