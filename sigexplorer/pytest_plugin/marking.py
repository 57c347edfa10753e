"""The marker ``signals`` of pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest

from sigexplorer.errors import SigexplorerError, UsageError
from sigexplorer.testing.lines import Line
from sigexplorer.testing.muting import Around, mute
from sigexplorer.testing.recording import Traced

__tracebackhide__ = True

_KNOWN = {"mute", "max_dispatches"}


@contextmanager
def marked(item: pytest.Item, markers: Sequence[pytest.Mark]) -> Iterator[None]:
    """Mute what any of ``markers`` mutes, and count dispatches for the innermost that limits them."""
    title, line = item.nodeid, _line(item)
    limits = [marker.kwargs["max_dispatches"] for marker in markers if "max_dispatches" in marker.kwargs]
    recording = Traced(title)
    with ExitStack() as stack:
        _said(lambda: [stack.enter_context(one) for marker in markers for one in _mutes(marker, line)])
        if limits:
            stack.enter_context(recording)
        yield
    if limits:
        _said(lambda: recording.assert_max_dispatches(limits[0]))


def _said(act: Callable[[], object]) -> None:
    """Do something; where it fails, let the test fail with what is said, and no traceback of ours."""
    failure = ""
    try:
        act()
    except (AssertionError, SigexplorerError) as problem:
        failure = str(problem)
    if failure:
        pytest.fail(f"the marker 'signals': {failure}", pytrace=False)


def _line(item: pytest.Item) -> Line:
    """Return where the test is written."""
    file, number, _ = item.reportinfo()
    module = getattr(getattr(item, "module", None), "__name__", "")
    return Line(str(file), (number or 0) + 1, module)


def _mutes(marker: pytest.Mark, line: Line) -> list[Around]:
    if marker.args or not set(marker.kwargs) <= _KNOWN:
        raise UsageError("it takes mute= and max_dispatches= only")
    muted = marker.kwargs.get("mute")
    return [Around(mute(muted), line)] if muted else []
