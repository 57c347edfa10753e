"""``sigexplorer list``."""

from __future__ import annotations

from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from sigexplorer.cli import options
from sigexplorer.cli.declare import Argument
from sigexplorer.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sigexplorer.catalog import Page
    from sigexplorer.catalog.listing import ListedSignal

    #: The version of Django, and what returns its signals and those of the project.
    _Asked: TypeAlias = tuple[
        str, Callable[[Iterable[Page]], list[ListedSignal]], Callable[[], list[ListedSignal]]
    ]

#: From this width on, what is imported and what is sent have columns of their own.
_WIDE = 140


def list_signals(
    pattern: Annotated[str | None, Argument(help="A name, glob, group or part of a name.")] = None,
    format_name: options.Format = None,
    output: options.Output = None,
    settings: options.Settings = None,
    pythonpath: options.PythonPath = None,
) -> None:
    """List the signals that exist, who sends them, how many listen."""
    from sigexplorer.cli.output import emit, to_json
    from sigexplorer.show import pages
    from sigexplorer.show.exporters import markdown
    from sigexplorer.show.views import document

    django, signals = _signals(pattern, settings, pythonpath)
    writers = {
        "json": lambda: to_json(
            {"schema": "sigexplorer.list/1", "signals": [_record(signal) for signal in signals]}
        ),
        "markdown": lambda: markdown.write(pages.listing(signals, django, wide=True)),
    }
    emit(
        lambda width: document.render(pages.listing(signals, django, wide=width >= _WIDE), width),
        writers,
        format_name,
        output,
    )


def _signals(
    pattern: str | None, settings: str | None, pythonpath: Path | None
) -> tuple[str, list[ListedSignal]]:
    """Return Django's version and the signals that match, of the bundled project or of a started one."""
    from sigexplorer import catalog

    if settings is None and pythonpath is not None:
        raise UsageError("--pythonpath goes with --settings")
    pages = catalog.PAGES if pattern is None else _built_in(pattern)
    release, built_in, own = _asked(settings, pythonpath)
    custom = [signal for signal in own() if pattern is None or _means(pattern, signal)]
    if pattern is None or pages or custom:
        return release, [*built_in(pages), *custom]
    path = _imported(pattern, started=settings is not None)
    found = [*built_in(catalog.PAGES), *own()] if path else []
    listed = [signal for signal in found if signal.signal == path]
    return release, listed or [*built_in(catalog.match(pattern))]  # which raises, with what is nearest


def _imported(path: str, *, started: bool) -> str | None:
    """Return the own path of the signal that a module of the project imports by another one."""
    if "." not in path or path.startswith("django."):
        return None
    if not started:
        from sigexplorer.playground.boot import PLAYGROUND

        PLAYGROUND.boot(listen=False)
    from sigexplorer.capture import signals

    return signals.path_at(path)


def _asked(settings: str | None, pythonpath: Path | None) -> _Asked:
    """Return the version of Django, and whom to ask for signals; the bundled project is known by heart."""
    from sigexplorer.catalog.installed import django_release

    release = django_release()
    if settings is None and release is not None:
        from sigexplorer.playground import registered

        if registered.known():
            return release, registered.built_in_signals, registered.custom_signals
    from sigexplorer.project import inventory

    if settings is None:
        from sigexplorer.playground.boot import PLAYGROUND

        PLAYGROUND.boot(listen=False)
    else:
        from sigexplorer.cli.opening import open_project

        open_project(settings, pythonpath, demo=False)
    return inventory.django_release(), inventory.built_in_signals, inventory.custom_signals


def _built_in(pattern: str) -> tuple[Page, ...]:
    from sigexplorer import catalog

    try:
        return catalog.match(pattern)
    except UnknownNameError:
        return ()  # it may still be a signal of the project


def _means(pattern: str, signal: ListedSignal) -> bool:
    if pattern.removeprefix("%") == "custom":
        return True
    bare = pattern.casefold()
    return (
        bare in signal.name.casefold() or fnmatchcase(signal.name, bare) or fnmatchcase(signal.signal, bare)
    )


def _record(signal: ListedSignal) -> dict[str, Any]:
    from sigexplorer import catalog
    from sigexplorer.catalog.installed import sends

    sent = () if signal.group == "custom" else sends(catalog.find(signal.signal))
    return {
        **asdict(signal),
        "arguments": list(signal.arguments),
        "sent_by": [{"file": one.file, "line": one.line, "function": one.function} for one in sent],
    }
