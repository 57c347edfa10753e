"""Traces as the text of a file: one function a format, found by name.

An exporter takes traces and returns their text, whole or in chunks. Others come as plug-ins:
an entry point of the group ``sigexplorer.exporters`` names such a function, and its own name
is the format and, with a dot before it, the suffix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from sigexplorer.errors import PluginError, UnknownNameError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from sigexplorer.model import Trace
    from sigexplorer.show.look import Look
    from sigexplorer.show.source import Source

GROUP = "sigexplorer.exporters"

#: Makes the text of a file from traces.
Exporter = Callable[["Sequence[Trace]"], str | Iterable[str]]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of our own and the function that writes it."""

    name: str
    suffix: str
    place: str  # module:function
    looks: bool = False  # whether it takes, as a second argument, how to show a trace
    streams: bool = False  # whether it takes a source of records, and reads them one after the other

    def load(self) -> Callable[..., str | Iterable[str]]:
        """Return the function; its module is imported now and not before."""
        module, _, function = self.place.partition(":")
        found: Callable[..., str | Iterable[str]] = getattr(import_module(module), function)
        return found


_HERE = "sigexplorer.show.exporters"

FORMATS = {
    each.name: each
    for each in (
        Format("json", ".json", f"{_HERE}.documents:export_json", looks=True, streams=True),
        Format("jsonl", ".jsonl", f"{_HERE}.documents:stream_lines", streams=True),
        Format("html", ".html", f"{_HERE}.html:export", streams=True),
        Format("svg", ".svg", f"{_HERE}.picture:export", looks=True),
        Format("markdown", ".md", f"{_HERE}.markdown:export", looks=True, streams=True),
        Format("mermaid", ".mmd", f"{_HERE}.diagram:export", looks=True, streams=True),
        Format("csv", ".csv", f"{_HERE}.spreadsheet:export", streams=True),
        Format("chrome", ".chrome.json", f"{_HERE}.chrome:export", streams=True),
        Format("otlp", ".otlp.json", f"{_HERE}.otlp:export", streams=True),
    )
}


def names() -> list[str]:
    """Return the names of all formats, those of plug-ins last; no plug-in is loaded."""
    return list(dict.fromkeys([*FORMATS, *(point.name for point in _plugins())]))


def export(name: str, traces: Sequence[Trace], look: Look) -> Iterable[str]:
    """Return the text of ``traces`` in the format ``name``, in chunks."""
    form = FORMATS.get(name)
    if form is None:
        written = _written(_plugin(name), traces)
    elif form.streams:
        from sigexplorer.show.source import InMemory

        written = _read(form, InMemory(traces), look)
    elif form.looks:
        written = form.load()(traces, look)
    else:
        written = form.load()(traces)
    return [written] if isinstance(written, str) else written


def streamed(name: str, source: Source, look: Look) -> Iterable[str] | None:
    """Return the text of a source in the format ``name``, written while it is read; None if it cannot be."""
    form = FORMATS.get(name)
    return _read(form, source, look) if form is not None and form.streams else None


def _read(form: Format, source: Source, look: Look) -> Iterable[str]:
    return form.load()(source, look) if form.looks else form.load()(source)


def _plugins() -> Iterable[EntryPoint]:
    from importlib.metadata import entry_points  # it brings the whole of email along

    return entry_points(group=GROUP)


def _plugin(name: str) -> EntryPoint:
    for point in _plugins():
        if point.name == name:
            return point
    raise UnknownNameError("format", name, names())


def _written(point: EntryPoint, traces: Sequence[Trace]) -> str | Iterable[str]:
    """Let a plug-in write; what it does wrong is said with the name of its distribution."""
    home = point.dist.name if point.dist else "an unknown distribution"
    try:
        exporter: Exporter = point.load()
    except (Exception, SystemExit) as problem:
        raise PluginError(
            f"the exporter '{point.name}' of '{home}' cannot be loaded: {type(problem).__name__}: {problem}",
            f"upgrade or remove '{home}'",
        ) from problem
    try:
        # All of it, now: what fails in the middle must not leave a half-written answer.
        chunks = _texts(exporter(traces))
    except (Exception, SystemExit) as problem:
        raise PluginError(
            f"the exporter '{point.name}' of '{home}' failed: {type(problem).__name__}: {problem}"
        ) from problem
    if chunks is None:
        raise PluginError(f"the exporter '{point.name}' of '{home}' returned something else than text")
    # A lone surrogate has no place in a file; standard output shows it in the same way.
    return [chunk.encode(errors="backslashreplace").decode() for chunk in chunks]


def _texts(written: object) -> list[str] | None:
    """Return a text, or texts, as a list; None where something is none."""
    if isinstance(written, str):
        return [written]
    if not isinstance(written, Iterable) or isinstance(written, bytes):
        return None
    chunks = list(written)
    return chunks if all(isinstance(chunk, str) for chunk in chunks) else None
