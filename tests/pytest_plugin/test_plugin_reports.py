"""What the plugin tells of a whole run, in one process and in several; and what it does when it is idle."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from sigexplorer.capture.lanes import STREAM
from sigexplorer.model import ListedReceiver
from sigexplorer.pytest_plugin import suite
from sigexplorer.testing.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Patch = pytest.MonkeyPatch
    Run = Callable[..., pytest.RunResult]

processes = pytest.mark.parametrize("more", [[], ["-n2"]], ids=["one process", "two"])

REPORTED = """
def idle(**kwargs): pass
paid.connect(idle, sender=models.models.Model)
pytestmark = pytest.mark.usefixtures("tables")

@pytest.mark.parametrize("number", range(6))
def test_it(number):
    Order.objects.create(title=str(number))

def test_nobody_hears():
    pre_save.send(None)
"""


FAILING = """
@pytest.fixture
def order(tables):
    return Order.objects.create(title="made by a fixture")

@pytest.mark.parametrize("text", ["a", "../b", "x" * 300, "\\N{SNOWMAN}"])
def test_fails(order, text):
    order.save()
    assert False

def test_passes(order):
    pass

@pytest.fixture
def broken(order):
    raise LookupError

def test_cannot_begin(broken):
    pass
"""


@pytest.fixture(scope="module", params=[[], ["-n2"]], ids=["one process", "two"])
def told(request: pytest.FixtureRequest, run_once: Callable[..., Any]) -> Any:
    """Return what a run of both files told, which reports and keeps traces, in one process or two."""
    files = {"test_shop.py": REPORTED, "test_failing.py": FAILING}
    return run_once(files, "--signals-report", "--signals-save-failed", "out/traces", *request.param)


def test_the_report_covers_the_whole_run(told: Any) -> None:
    """Called, not called and unheard are added up over tests and processes."""
    assert [*told.outcomes("test_shop").values()] == [["passed"]] * 7
    pytest.LineMatcher(told.out.splitlines()).fnmatch_lines(
        [
            "*= signals =*",
            "Called: 2",
            "shop.models.on_order * 16  connected for*",
            "shop.models.on_paid * 16  connected for every*",
            "Not called, of the project's own: 1",
            "test_shop.idle*",
            "Unheard: *",
            "pre_save *",
        ]
    )


def test_the_traces_of_failed_tests_are_kept(told: Any) -> None:
    """Each test that fails has a file that show opens, with its fixtures, whatever it is called."""
    outcomes = [one for [one] in told.outcomes("test_failing").values()]
    assert sorted(outcomes) == ["error", *["failure"] * 4, "passed"]
    files = sorted((told.folder / "out" / "traces").iterdir())
    assert len(files) == 5
    assert {file.suffix for file in files} == {".jsonl"}
    from sigexplorer.show.recording import Recording
    from sigexplorer.show.source import traces_of

    for file in files:
        pytest.LineMatcher(told.out.splitlines()).fnmatch_lines([f"sigexplorer show *{file.name}"])
        [trace] = traces_of(Recording(file))
        assert trace.run.title.startswith("test_failing.py::test_")
        names = [step.title for step in trace.steps if " fixture " not in step.title]
        assert names[0] == "setup"
        assert names[-1] == "teardown"
        sent = [one for one in trace.dispatches if one.name == "post_save"]
        assert len(sent) == (2 if "test_fails" in trace.run.title else 1)


def test_a_report_keeps_nothing_to_compare() -> None:
    """Nobody asserts anything about what it records: only words are noted."""
    made = suite.Suite(mock.Mock(getoption=lambda name: name == "signals_report"))
    with made._recorded(mock.Mock(nodeid="test_shop.py::test_it")):
        assert made._recording is not None
        assert not STREAM.keeping
    assert not made._problems


def test_a_report_in_a_pipe_breaks_no_name(monkeypatch: Patch) -> None:
    """Nobody looks at it, and a name is looked for in one piece."""
    monkeypatch.delenv("COLUMNS", raising=False)
    made = suite.Suite(mock.Mock(getoption=lambda name: name == "signals_report"))
    made._tally = Tally()
    name = ".".join(["shop"] * 35)
    one = ListedReceiver(
        "shop.paid", "paid", name, 1, None, None, None, None,
        weak=True, is_async=False, alive=True, connected_at=None, stock=False,
    )  # fmt: skip
    made._tally.connected([one])
    written: list[str] = []
    made._tell_coverage(mock.Mock(isatty=False, write=written.append, _tw=mock.Mock(fullwidth=80)))
    assert name in "".join(written)


LEAKING = """
from django.dispatch import Signal

def left(**kwargs): pass

def test_leaves():
    paid.connect(left)

def test_leaves_nothing():
    def local(**kwargs): pass
    paid.connect(local)
    paid.connect(on_paid, dispatch_uid="again")
    paid.disconnect(dispatch_uid="again")

def test_removes():
    post_save.disconnect(on_order, sender=Order)

def test_swaps_the_list():
    paid.receivers, swapped = [], paid.receivers
    paid.sender_receivers_cache.clear()

@pytest.fixture(scope="module")
def of_many_tests():
    def shared(**kwargs): pass
    pre_save.connect(shared)
    yield
    pre_save.disconnect(shared)

def test_uses_a_fixture(of_many_tests):
    pass

def test_imports():
    import late

SIGNALS = {}

def test_makes_a_signal():
    SIGNALS["made"] = Signal()
    SIGNALS["made"].connect(left)

def test_drops_that_signal():
    SIGNALS.clear()

def test_makes_a_signal_for_itself():
    def local(**kwargs): pass
    made = Signal()
    made.connect(local, weak=False)
    made.connect(left)

def test_keeps_a_receiver_by_failing():
    def local(**kwargs): pass
    made = Signal()
    made.connect(left)
    pre_save.connect(local)
    assert False

def test_comes_after_it(): pass

@pytest.fixture(scope="module")
def that_ends():
    yield
    post_save.connect(left)
    post_save.disconnect(on_order, sender=Order)

@pytest.fixture
def of_one_test(of_many_tests, that_ends):
    yield
    pre_save.connect(left)

def test_is_left_by_its_fixture(of_one_test):
    pass

class TestOfAClass:
    @classmethod
    def setup_class(cls):
        pre_save.connect(cls.heard)

    @classmethod
    def teardown_class(cls):
        pre_save.disconnect(cls.heard)

    @staticmethod
    def heard(**kwargs): pass

    def test_it(self):
        pass

class TestOfAClassThatLeaks:
    @classmethod
    def setup_class(cls):
        pre_save.connect(left, dispatch_uid="for good")
        pre_save.disconnect(left)

    def test_it(self):
        pass
"""


@processes
def test_leaks_are_named(more: list[str], run: Run, project: pytest.Pytester) -> None:
    """A test that leaves a receiver connected or removes one is named with it, and the run fails."""
    project.makepyfile(late="from shop.models import paid\n\n@paid.connect\ndef late(**kwargs): pass\n")
    result = run(LEAKING, "--signals-leaks", *more, *["--dist=loadfile"] * bool(more))
    result.assert_outcomes(passed=13, failed=1)
    assert result.ret == 1
    told = [line[14:] for line in result.outlines if line.startswith("test_shop.py::")]
    # What fixtures of a class or a module leave is of those.
    result.stdout.fnmatch_lines(["test_shop.py left test_shop.left connected to post_save (test_shop.py:*)"])
    assert told == [
        "test_leaves left test_shop.left connected to paid (test_shop.py:12)",
        "test_removes removed shop.models.on_order from post_save for shop.Order",
        "test_swaps_the_list removed shop.models.on_paid from paid",
        "test_swaps_the_list removed test_shop.left from paid",
        "test_makes_a_signal left test_shop.left connected to SIGNALS['made'] (test_shop.py:44)",
        "test_is_left_by_its_fixture left test_shop.left connected to pre_save (test_shop.py:73)",
        "TestOfAClassThatLeaks left test_shop.left connected to pre_save (test_shop.py:96)",
        "TestOfAClassThatLeaks removed test_shop.left from pre_save",
    ]


def test_a_folder_that_cannot_be_made_costs_the_traces_only(run: Run) -> None:
    """Where that comes to light as the tests run, it goes on, and says at its end what is missing."""
    code = "def test_it():\n    open('out', 'w').close()\n    assert False\n"
    result = run(code, "--signals-save-failed", "out/traces")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["signals: not all is known: NotADirectoryError*"])


@pytest.mark.parametrize("folder", ["/dev/null/x", "/proc/nope", "taken", "", "a\x00b", "x" * 300])
def test_a_folder_that_is_none_is_a_usage_error(folder: str, tmp_path: Path, monkeypatch: Patch) -> None:
    """It is pytest's own, before any test runs; a folder that can be made is not made yet."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").touch()
    with pytest.raises(pytest.UsageError, match=r"--signals-save-failed: '.*' (is|cannot be)"):
        suite.check_folder(folder)
    suite.check_folder("out/traces")
    suite.check_folder(None)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


IDLE = """
import sys
def test_it():
    ours = {name for name in sys.modules if name.startswith("sigexplorer")}
    assert ours == {"sigexplorer", "sigexplorer.pytest_plugin"}
    assert not {name.partition(".")[0] for name in sys.modules} & {"django", "asgiref", "rich", "typer"}
"""


def test_an_idle_plugin_imports_nothing(pytester: pytest.Pytester) -> None:
    """Where nobody asks for anything, neither Django nor more than the plugin itself is imported."""
    pytester.makepyfile(IDLE)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_options_and_the_fixtures_are_explained(pytester: pytest.Pytester) -> None:
    """--help, --fixtures and --markers say what there is."""
    quiet = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # in this process it is imported already
    helped = pytester.runpytest_inprocess(*quiet, "--help").stdout
    for option in ("--signals-report", "--signals-leaks", "--signals-save-failed=DIR", "--signals-update"):
        helped.fnmatch_lines([f"*{option}*"])
    pytester.runpytest_inprocess(*quiet, "--markers").stdout.fnmatch_lines(
        ["@pytest.mark.signals(mute=None, *"]
    )
    pytester.runpytest_inprocess(*quiet, "--fixtures").stdout.fnmatch_lines(
        ["signals -- *", "mute_signals -- *"]
    )


BROKEN = {
    "is not there": "raise ModuleNotFoundError(\"No module named 'django'\", name='django')\n",
    "breaks": "raise RuntimeError('this Django is broken')\n",
}


@pytest.mark.parametrize("code", BROKEN.values(), ids=BROKEN)
def test_a_broken_django_leaves_pytest_readable(code: str, pytester: pytest.Pytester) -> None:
    """Tests that need nothing of ours run; one that does fails in a line; reports say what is missing."""
    pytester.makepyfile(**{"django/__init__": code})
    pytester.makepyfile(
        test_it="import pytest\n\ndef test_plain():\n    pass\n\ndef test_signals(signals):\n    pass\n\n"
        "@pytest.mark.signals(mute='post_save')\ndef test_marked():\n    pass\n\n"
        "def test_fails():\n    assert 1 == 2\n"
    )
    every = ["--signals-report", "--signals-leaks", "--signals-save-failed", "out"]
    for options in ([], every):
        result = pytester.runpytest_subprocess(*options)
        result.assert_outcomes(passed=1, errors=1, failed=2)
        text = result.stdout.str()
        assert "needs Django, which cannot be imported: " in text
        assert "E       assert 1 == 2" in text
        assert "INTERNALERROR" not in text + result.stderr.str()
        assert "sigexplorer/" not in text
    result.stdout.fnmatch_lines(["signals: not all is known: *Error: *"])


def test_settings_that_fail_are_pytests_own_error(project: pytest.Pytester) -> None:
    """A conftest that cannot set Django up is told as without us."""
    (project.path / "mysite.py").write_text("raise KeyError('SECRET')\n")
    project.makepyfile("def test_it(signals):\n    pass\n")
    result = project.runpytest_subprocess("--signals-report", "--signals-leaks")
    assert result.ret != 0
    assert "KeyError: 'SECRET'" in result.stdout.str() + result.stderr.str()


def test_signals_can_be_watched_without_settings(pytester: pytest.Pytester) -> None:
    """A package that has signals and no settings is tested like any other; no leak is said, and passes."""
    pytester.makepyfile(
        "from django.dispatch import Signal\npaid = Signal()\n\n"
        "def test_it(signals):\n    paid.send(None, x=1)\n    signals.assert_sent(paid, x=1)\n"
    )
    result = pytester.runpytest_subprocess("--signals-report", "--signals-leaks")
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*= signals: leaks =*", "no test left a receiver connected, or removed one"])


def test_a_traced_run_of_pytest_has_no_warning_of_ours(project: pytest.Pytester) -> None:
    """That we are imported before pytest looks at its plug-ins is not worth a word."""
    project.makepyfile("def test_it(signals):\n    pass\n")
    result = project.run(
        sys.executable, "-m", "sigexplorer", "trace", "--no-keep", "--", "-m", "pytest", "-W", "error"
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*1 passed*"])
