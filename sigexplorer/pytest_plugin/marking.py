"""The marker ``signals`` of pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest
from django.dispatch import Signal

from sigexplorer.errors import SigexplorerError, UnknownNameError, UsageError
from sigexplorer.testing.lines import Line
from sigexplorer.testing.muting import Around, mute
from sigexplorer.testing.recording import Traced
from sigexplorer.testing.wanted import is_receiver, known_receivers, wanted_signal

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
    muted = marker.kwargs.get("mute") or []
    several = list(muted) if isinstance(muted, (list, tuple)) else [muted]
    receivers = [one for one in several if _is_receiver(one)]
    signals = [one for one in several if one not in receivers]
    scopes = [mute(signals)] if signals else []
    return [Around(one, line) for one in (*scopes, *(mute(receiver=one) for one in receivers))]


def _is_receiver(thing: object) -> bool:
    """Whether what is to be muted is a receiver, or the name of one, and no signal."""
    if type(thing) is not str:
        return callable(thing) and not isinstance(thing, (type, Signal))
    try:
        wanted_signal(thing)
    except UnknownNameError as problem:
        if is_receiver(thing):
            return True
        if "." not in thing:
            raise
        known = known_receivers()
        raise UnknownNameError("signal or receiver", thing, known) from problem
    return False
