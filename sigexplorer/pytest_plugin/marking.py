"""The marker ``signals`` of pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest

from sigexplorer.errors import SigexplorerError, UsageError
from sigexplorer.testing.muting import mute
from sigexplorer.testing.recording import Traced

__tracebackhide__ = True

_KNOWN = {"mute", "max_dispatches"}


@contextmanager
def marked(title: str, markers: Sequence[pytest.Mark]) -> Iterator[None]:
    """Mute what any of ``markers`` mutes, and count dispatches for the innermost that limits them."""
    limits = [marker.kwargs["max_dispatches"] for marker in markers if "max_dispatches" in marker.kwargs]
    recording = Traced(title)
    with ExitStack() as stack:
        for marker in markers:
            _said(lambda marker=marker: [stack.enter_context(scope) for scope in _mutes(marker)])  # type: ignore[misc]
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


def _mutes(marker: pytest.Mark) -> list[mute]:
    if marker.args or not set(marker.kwargs) <= _KNOWN:
        raise UsageError("it takes mute= and max_dispatches= only")
    muted = marker.kwargs.get("mute")
    return [mute(muted)] if muted else []
