"""Django signals in pytest: fixtures, a marker, and reports on a whole run.

pytest loads this module in every run of everybody who has sigexplorer installed: nothing of
ours, and nothing of Django, is imported before a test or an option asks for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sigexplorer.testing.muting import mute
    from sigexplorer.testing.outlines import Recording

__tracebackhide__ = True

_MARKER = "signals(mute=None, max_dispatches=None): mute signals in a test, or limit what it sends"

_REPORTS = ("signals_report", "signals_leaks", "signals_save_failed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("signals", "Django signals (sigexplorer)")
    group.addoption(
        "--signals-report",
        action="store_true",
        help="which receivers the run called, which it did not, and what nobody heard",
    )
    group.addoption(
        "--signals-leaks",
        action="store_true",
        help="name each test, class or module that leaves a receiver connected or removes one (exit code 1)",
    )
    group.addoption("--signals-save-failed", metavar="DIR", help="write the trace of each failing test there")
    group.addoption(
        "--signals-update", action="store_true", help="rewrite the outlines that assert_outline() compares"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and what makes the reports where one is wanted."""
    config.addinivalue_line("markers", _MARKER)
    if config.getoption("signals_update"):  # also for test cases and traces, which know no option
        environment = pytest.MonkeyPatch()
        environment.setenv("SIGNALS_UPDATE", "1")
        config.add_cleanup(environment.undo)
    if any(config.getoption(name) not in (None, False) for name in _REPORTS):
        from sigexplorer.pytest_plugin.suite import Suite, check_folder

        check_folder(config.getoption("signals_save_failed"))
        config.pluginmanager.register(Suite(config), "sigexplorer-suite")


@pytest.fixture
def signals(request: pytest.FixtureRequest) -> Iterator[Recording]:
    """Record what the test sends, with the assertions and views of ``sigexplorer.trace()``."""
    with _django_is_needed("the fixture 'signals'"):
        from sigexplorer.testing.outlines import Recording
    update = bool(request.config.getoption("signals_update"))
    with Recording(request.node.nodeid, request.node.path, update=update) as recording:
        yield recording


@pytest.fixture
def mute_signals() -> Iterator[Callable[..., mute]]:
    """Give a function that mutes until the test ends: ``mute_signals("post_save", sender=Post)``."""
    with _django_is_needed("the fixture 'mute_signals'"):
        from sigexplorer.testing.muting import mute

    with contextlib.ExitStack() as stack:

        def begin(*arguments: Any, **named: Any) -> mute:
            return stack.enter_context(mute(*arguments, **named))

        yield begin


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Do what the marker says, around the test alone and not its fixtures."""
    markers = list(item.iter_markers("signals"))
    if not markers:
        return (yield)
    with _django_is_needed("the marker 'signals'"):
        from sigexplorer.pytest_plugin.marking import marked
    with marked(item, markers):
        return (yield)


@contextlib.contextmanager
def _django_is_needed(what: str) -> Iterator[None]:
    """Say in one line where Django cannot be imported: the traceback would be of us."""
    try:
        yield
    except Exception as problem:  # noqa: BLE001 - whatever a broken Django raises
        told = f"{type(problem).__name__}: {problem}"
        pytest.fail(f"{what} needs Django, which cannot be imported: {told}", pytrace=False)
