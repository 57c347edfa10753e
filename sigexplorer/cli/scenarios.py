"""What ``sigexplorer scenario`` shares between scenarios of ours and of the user's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sigexplorer.catalog.page import Version


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which scenarios are wanted, and where they are to run."""

    names: tuple[str, ...]
    everything: bool  # --all
    listen: bool
    compare: bool
    database: str | None
    settings: str | None
    pythonpath: Path | None
    demo: bool


def write_list(entries: list[tuple[str, str, Version]], format_name: str | None, output: Path | None) -> None:
    """Write a list of scenarios: their names, their summaries, and the Django that each needs."""
    from sigexplorer.catalog.facts import proven_by
    from sigexplorer.catalog.installed import django_version
    from sigexplorer.catalog.page import ANCIENT, dotted
    from sigexplorer.cli.output import emit, to_json
    from sigexplorer.show import pages
    from sigexplorer.show.exporters import markdown
    from sigexplorer.show.views import document

    shown = pages.scenarios(entries, django_version())
    records = [
        {
            "name": name,
            "summary": summary,
            "added": dotted(added) if added != ANCIENT else None,
            "facts": [fact.id for fact in proven_by(name)],
        }
        for name, summary, added in entries
    ]
    writers = {
        "json": lambda: to_json({"schema": "sigexplorer.scenario/1", "scenarios": records}),
        "markdown": lambda: markdown.write(shown),
    }
    emit(lambda width: document.render(shown, width), writers, format_name, output)
