"""Traces as one page that needs nothing but a browser: no server, no network, no other file."""

from __future__ import annotations

import html
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from importlib.resources import files

from sigexplorer.show.exporters.report.columns import Parts
from sigexplorer.show.exporters.report.packing import pack
from sigexplorer.show.source import Source, blocks_of
from sigexplorer.show.text import safe

#: The page's script, file by file: later ones use earlier ones.
_SCRIPTS = (
    "words",
    "packing",
    "trace",
    "figures",
    "lanes",
    "filters",
    "look",
    "canvas",
    "bars",
    "pointer",
    "list",
    "details",
    "tables",
    "coverage",
    "story",
    "printing",
    "app",
)

#: Only this style and this script: nothing is loaded, sent, framed or made from text.
_POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; img-src data:; "
    "connect-src 'none'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


def export(source: Source) -> Iterator[str]:
    """Yield an HTML document that shows the traces of a source, while they are read.

    What was recorded is in letters and digits only, so that no text of it can be markup.
    """
    script = "\n".join(_asset(f"js/{name}.js") for name in _SCRIPTS)
    style = _asset("report.css")
    before, after = _asset("report.html").split("{{data}}")
    policy = _POLICY.format(script=_digest(script), style=_digest(style))
    index: list[tuple[str, bool]] = []
    with ExitStack() as files:
        data = _data_of(source, index, files)
        first = next(data, "")
        title = index[0][0] if len(index) == 1 else "no trace"
        yield _filled(before, title=html.escape(title), policy=policy, style=style)
        yield first
        yield from data
    yield _data("index", "", pack(index))
    yield _filled(after, script=script)


def _data_of(source: Source, index: list[tuple[str, bool]], files: ExitStack) -> Iterator[str]:
    """Yield what the page reads of each trace; ``index`` has their titles, and whether all claims held."""
    parts: Parts | None = None
    for block in blocks_of(source):
        for held in block:
            if not isinstance(held, tuple) and held["type"] == "run":
                yield from _ending(parts, index)
                index.append((safe(held["title"], 200), True))
                parts = Parts(held, files)
                yield ""  # the title of the page is known
            elif parts is not None:
                for name, packed in parts.add(held):
                    yield _data(name, str(len(index) - 1), packed)
    yield from _ending(parts, index)


def _ending(parts: Parts | None, index: list[tuple[str, bool]]) -> Iterator[str]:
    if parts is not None:
        for name, packed in parts.ending():
            yield _data(name, str(len(index) - 1), packed)
        index[-1] = (index[-1][0], parts.held)


def _asset(name: str) -> str:
    return files("sigexplorer.show.exporters.report").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


def _filled(template: str, **texts: str) -> str:
    # In one pass: a title may look like a place to fill.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: texts[place[1]], template)


def _data(part: str, number: str, packed: str) -> str:
    return f'<script type="text/plain" data-part="{part}" data-trace="{number}">{packed}</script>\n'
