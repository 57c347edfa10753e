"""What is seen of a report that is open in a browser, and what is typed into it."""

from __future__ import annotations

import json
from collections.abc import Callable

from chromium import Browser

#: Opens a report of some traces.
Open = Callable[..., Browser]


def rows(page: Browser) -> list[str]:
    """Return the signals in the list, from the top."""
    found: list[str] = page.run(
        "Array.from(app.trace.shown, (i) => kindOf(app.trace, i).name.replace('no signal: ', ''))"
    )
    return found


def asks(page: Browser, field: str, value: str) -> None:
    """Write into a field of the filters and wait for its answer."""
    page.run(f"byId('f-{field}').value = ''; byId('f-{field}').focus()")
    page.write(value)
    page.until(f"byId('f-{field}').value === {json.dumps(value)}")
    page.run("refilter()")
