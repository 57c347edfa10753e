"""A whole run of pytest: what it called, what leaks from test to test, and the traces of what failed."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sigexplorer.show.text import safe

if TYPE_CHECKING:
    from sigexplorer.testing.leaks import Leaks
    from sigexplorer.testing.recording import Traced
    from sigexplorer.testing.tally import Tally

_SENT = "sigexplorer"  # where a worker of xdist leaves its part

_FIXTURE = "fixture"

_LONGEST = 150  # characters of a test's name in the name of a file


def check_folder(name: str | None) -> None:
    """Raise pytest's own error where no folder of that name can be made; none is made yet."""
    if name is None:
        return
    option = f"--signals-save-failed: '{safe(name, 200)}'"
    if not name or "\0" in name:
        raise pytest.UsageError(f"{option} is no folder")
    path = Path(name).absolute()
    for place in (path, *path.parents):
        try:
            place.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as problem:
            raise pytest.UsageError(f"{option} cannot be made: {problem.strerror}") from None
        if not place.is_dir():
            raise pytest.UsageError(f"{option} cannot be made: '{safe(str(place), 200)}' is no folder")
        try:  # permissions do not tell: nobody writes in /proc
            tempfile.TemporaryDirectory(prefix=".sigexplorer-", dir=place).cleanup()
        except OSError as problem:
            told = f"cannot write in '{safe(str(place), 200)}': {problem.strerror}"
            raise pytest.UsageError(f"{option} cannot be made: {told}") from None
        return


class Suite:
    """What is wanted of a run; a fault of ours costs the report, never a test."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._report = bool(config.getoption("signals_report"))
        self._folder: str | None = config.getoption("signals_save_failed")
        self._begun_in = Path.cwd()  # which tests may leave
        self._wants_leaks = bool(config.getoption("signals_leaks"))
        self._recording: Traced | None = None
        self._failed = False
        self._tally: Tally | None = None
        self._leaks: Leaks | None = None
        self._found: list[tuple[str, str]] = []  # leaks of all processes
        self._saved: list[str] = []
        self._problems: list[str] = []

    # One process that runs tests.

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Begin; by now whoever sets Django up has done so, and conftest files are read."""
        with self._guarded():
            from sigexplorer.testing.leaks import Leaks
            from sigexplorer.testing.tally import Tally

            self._tally = Tally()
            if self._wants_leaks:
                self._leaks = Leaks()
                self._leaks.begin()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, Any, Any]:
        """Record a test, with its fixtures."""
        if self._tally is None:  # Django cannot be imported
            return (yield)
        with ExitStack() as stack:
            if self._leaks is not None:
                stack.enter_context(
                    _lenient(self._leaks.around_test(item.nodeid, _ending(item, nextitem)), self._noted)
                )
            if self._report or self._folder:
                stack.enter_context(self._recorded(item))
            return (yield)

    @contextmanager
    def _recorded(self, item: pytest.Item) -> Iterator[None]:
        from sigexplorer.testing.recording import Traced

        recording = Traced(item.nodeid, origins=bool(self._folder))
        recording.keeping = False
        self._failed = False
        with self._guarded():
            recording.start()
            self._recording = recording
        try:
            yield
        finally:
            self._recording = None
            with self._guarded():
                recording.stop()
                if self._report and self._tally is not None:
                    # What makes the test databases sends more than all tests.
                    self._tally.add(recording.trace, without=f"session {_FIXTURE} ")
                if self._folder and self._failed:
                    self._save(item.nodeid, recording)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Generator[None, Any, Any]:
        """Name a part of a test's trace."""
        return (yield from self._step("setup"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, Any, Any]:
        """Name a part of a test's trace."""
        return (yield from self._step("call"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Generator[None, Any, Any]:
        """Name a part of a test's trace."""
        return (yield from self._step("teardown"))

    def _step(self, title: str) -> Generator[None, Any, Any]:
        with self._recording.step(title) if self._recording is not None else ExitStack():
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: Any, request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        """Tell a fixture of several tests from the test that is the first, or the last, to need it."""
        if fixturedef.scope == "function":
            return (yield)
        ending = ExitStack()
        # What ends it is done in reverse order: this is the last of it, and begins below.
        request.addfinalizer(ending.close)
        with self._part_of_many(fixturedef, request):
            made = yield
        request.addfinalizer(lambda: ending.enter_context(self._part_of_many(fixturedef, request)))
        return made

    @contextmanager
    def _part_of_many(self, fixturedef: Any, request: pytest.FixtureRequest) -> Iterator[None]:
        with ExitStack() as stack:
            if self._leaks is not None:
                around = self._leaks.around_fixture(_owner(request))
                stack.enter_context(_lenient(around, self._noted))
            if self._recording is not None:
                title = f"{fixturedef.scope} {_FIXTURE} {fixturedef.argname}"
                stack.enter_context(self._recording.step(title))
            yield

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember that a test failed."""
        self._failed = self._failed or report.failed

    def _save(self, nodeid: str, recording: Traced) -> None:
        folder = self._begun_in / str(self._folder)
        folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w.-]+", "_", nodeid)[-_LONGEST:].strip("._")
        digest = hashlib.sha256(nodeid.encode("utf-8", "backslashreplace")).hexdigest()[:8]
        file = f"{name}-{digest}.jsonl"
        recording.save(folder / file)
        self._saved.append(str(Path(str(self._folder)) / file))

    # The end of it, and of other processes.

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Close what was begun; a worker leaves its part to the process that started it."""
        with self._guarded():
            self._end()
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            tally = self._tally.dump() if self._tally is not None else None
            output[_SENT] = [tally, self._found, self._saved, self._problems]
        elif self._found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _end(self) -> None:
        if self._leaks is not None:
            self._leaks.end()
            self._found += self._leaks.found
        if self._tally is not None and self._report:
            from sigexplorer.project.inventory import all_receivers

            self._tally.connected(all_receivers())

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the part of a worker of xdist."""
        told = getattr(node, "workeroutput", {}).get(_SENT)
        tally, found, saved, problems = told or (None, [], [], ["a worker of xdist ended before it told"])
        # A class or a module may have run in several.
        self._found += [(test, text) for test, text in found if (test, text) not in self._found]
        self._saved += saved
        self._problems += [problem for problem in problems if problem not in self._problems]
        with self._guarded():
            if tally is not None and self._tally is not None:
                self._tally.merge(tally)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell all of it."""
        if self._report:
            with self._guarded():
                self._tell_coverage(terminalreporter)
        if self._wants_leaks:
            terminalreporter.section("signals: leaks")
            for test, text in self._found:
                terminalreporter.line(f"{test} {text}")
            if not self._found:
                terminalreporter.line("no test left a receiver connected, or removed one")
        if self._saved:
            terminalreporter.section("signals: traces of failed tests")
            for file in sorted(self._saved):
                terminalreporter.line(f"sigexplorer show {file}")
        for problem in self._problems:
            terminalreporter.line(f"signals: not all is known: {problem}", yellow=True)

    def _tell_coverage(self, terminalreporter: Any) -> None:
        if self._tally is None:
            return
        import django

        from sigexplorer.show import coverage_page
        from sigexplorer.show.views import WIDE
        from sigexplorer.show.views.piped import UNLIMITED
        from sigexplorer.testing.drawing import drawn

        found = self._tally.covers("the whole run", django.get_version(), platform.python_version())
        terminalreporter.section("signals")
        width = terminalreporter._tw.fullwidth  # noqa: SLF001 - how wide it writes has no other name
        if not terminalreporter.isatty and "COLUMNS" not in os.environ:
            width = UNLIMITED  # nobody looks at a pipe, and a name is looked for in one piece
        terminalreporter.write(drawn(coverage_page.coverage(found, wide=width >= WIDE), width))

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Keep a fault of ours, or of a broken Django, from becoming the run's."""
        try:
            yield
        except Exception as problem:  # noqa: BLE001 - whatever it is, the tests go on
            self._noted(problem)

    def _noted(self, problem: BaseException) -> None:
        told = f"{type(problem).__name__}: {problem}".partition("\n")[0]
        if told not in self._problems:
            self._problems.append(told)


def _ending(item: pytest.Item, following: pytest.Item | None) -> list[str]:
    """Return what ends with a test: itself, and its class or module, the inner ones first."""
    going_on = following.listchain() if following is not None else []
    return [one.nodeid for one in reversed(item.listchain()[1:]) if one not in going_on]


def _owner(request: pytest.FixtureRequest) -> str | None:
    """Return the class or module that a fixture is there for; None where it is the whole session."""
    node = request.node
    return None if node is request.session else str(node.nodeid)


@contextmanager
def _lenient(inner: Any, noted: Callable[[BaseException], None]) -> Iterator[None]:
    """Enter and leave ``inner``, whose faults are only noted; those of what runs inside go on."""
    try:
        inner.__enter__()
    except Exception as problem:  # noqa: BLE001 - as above
        noted(problem)
        yield
        return
    try:
        yield
    finally:
        try:
            inner.__exit__(None, None, None)
        except Exception as problem:  # noqa: BLE001 - as above
            noted(problem)
