"""``sigexplorer receivers``."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from sigexplorer import catalog
from sigexplorer.cli import options
from sigexplorer.cli.declare import Argument
from sigexplorer.errors import UnknownNameError

if TYPE_CHECKING:
    from sigexplorer.model import ListedReceiver


def receivers(
    pattern: Annotated[
        str | None,
        Argument(
            help="A signal, receiver or sender: name, glob, %group or part.",
            complete=options.complete_signal,
        ),
    ] = None,
    verbose: options.Verbose = False,
    format_name: options.Format = None,
    output: options.Output = None,
    settings: options.Settings = None,
    pythonpath: options.PythonPath = None,
    demo: options.Demo = False,
) -> None:
    """List who listens to what, in the order in which Django calls."""
    from sigexplorer.cli.opening import open_project
    from sigexplorer.project import inventory

    open_project(settings, pythonpath, demo=demo)
    _show(_matching(inventory.all_receivers(ask_debug=True), pattern), format_name, output, verbose=verbose)


def _show(
    found: Sequence[ListedReceiver], format_name: str | None, output: Path | None, *, verbose: bool
) -> None:
    from sigexplorer.capture.places import full
    from sigexplorer.cli.output import emit, hint, to_json
    from sigexplorer.show import recording, registrations
    from sigexplorer.show.exporters import markdown
    from sigexplorer.show.views import document
    from sigexplorer.show.views.piped import UNLIMITED

    records = [
        {**recording.dump_receiver(one), "sender": one.sender_written, "by_debug": one.by_debug}
        for one in found
    ]
    writers = {
        "json": lambda: to_json({"schema": "sigexplorer.receivers/1", "receivers": records}),
        "lines": lambda: registrations.lines(found, verbose=verbose, full=_opened),
        "markdown": lambda: markdown.write(registrations.table(found, UNLIMITED, verbose=verbose)),
    }
    emit(
        lambda width: document.render(registrations.table(found, width, verbose=verbose), width, full),
        writers,
        format_name,
        output,
    )
    if format_name == "lines" and not registrations.own(found, verbose=verbose):
        hint("no receivers" if not found else "no receivers but Django's own (-v shows them)")


def _opened(file: str) -> str | None:
    """Return the path by which an editor that stands here opens a file, None where it is not known."""
    from sigexplorer.capture.places import full
    from sigexplorer.cli.lock import relative

    path = full(file)
    return None if path is None else str(relative(Path(path)))


def _matching(found: list[ListedReceiver], pattern: str | None) -> list[ListedReceiver]:
    if pattern is None:
        return found
    groups = {page.path: page.group for page in catalog.PAGES}
    if pattern.startswith("%"):
        if pattern[1:] not in catalog.GROUPS:
            raise UnknownNameError("group", pattern, [f"%{group}" for group in catalog.GROUPS])
        meant = catalog.GROUPS[pattern[1:]]
        return [one for one in found if groups.get(one.signal, "custom") in meant]
    kept = [one for one in found if _means(pattern, one)] or _of_imported(pattern, found)
    known = {name for one in found for name in (one.name, one.signal, one.receiver, one.sender or "")}
    known |= {name for page in catalog.PAGES for name in (page.name, page.path)}
    if not kept and catalog.named(pattern) is None and not any(_matches(pattern, name) for name in known):
        raise UnknownNameError("signal or receiver", pattern, known - {""})
    return kept


def _of_imported(path: str, found: list[ListedReceiver]) -> list[ListedReceiver]:
    """Return the receivers of the signal that a module imports by this path, which is not its own."""
    from sigexplorer.capture import signals

    named = signals.path_at(path)
    return [one for one in found if one.signal == named]


def _means(pattern: str, receiver: ListedReceiver) -> bool:
    names = (receiver.name, receiver.signal, receiver.receiver, receiver.sender or "")
    return any(_matches(pattern, name) for name in names)


def _matches(pattern: str, name: str) -> bool:
    """Whether ``pattern`` is a glob that matches, or a part of, a name."""
    return fnmatchcase(name, pattern) or pattern.casefold() in name.casefold()
