"""Traces as one page that needs nothing but a browser: no server, no network, no other file."""

from __future__ import annotations

import html
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib.resources import files

from sigexplorer.model import Trace
from sigexplorer.show.exporters.report.columns import parts
from sigexplorer.show.exporters.report.packing import pack
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


def export(traces: Sequence[Trace]) -> Iterator[str]:
    """Yield an HTML document that shows ``traces``, chunk by chunk.

    What was recorded is in letters and digits only, so that no text of it can be markup.
    """
    script = "\n".join(_asset(f"js/{name}.js") for name in _SCRIPTS)
    style = _asset("report.css")
    before, after = _asset("report.html").split("{{data}}")
    title = traces[0].run.title if len(traces) == 1 else f"{len(traces)} traces"
    yield _filled(
        before,
        title=html.escape(safe(title, 200)),
        policy=_POLICY.format(script=_digest(script), style=_digest(style)),
        style=style,
    )
    yield _data("index", "", pack([[safe(trace.run.title, 200), trace.held] for trace in traces]))
    for number, trace in enumerate(traces):
        for name, packed in parts(trace):
            yield _data(name, str(number), packed)
    yield _filled(after, script=script)


def _asset(name: str) -> str:
    return files("sigexplorer.show.exporters.report").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


def _filled(template: str, **texts: str) -> str:
    # In one pass: a title may look like a place to fill.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: texts[place[1]], template)


def _data(part: str, number: str, packed: str) -> str:
    return f'<script type="text/plain" data-part="{part}" data-trace="{number}">{packed}</script>\n'
