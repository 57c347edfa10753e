"""``sigexplorer.trace()``: what is sent in a piece of code, whatever kind of code it is."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import shop
from django.contrib.auth.models import User
from django.db.models.signals import post_save, pre_init
from django.test import SimpleTestCase

import sigexplorer
from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.model import Dispatch
from sigexplorer.show import exporters

ROOT = Path(__file__).parent.parent.parent


def names(found: Iterator[Dispatch] | tuple[Dispatch, ...] | list[Dispatch]) -> list[str]:
    """Return the short names of dispatches."""
    return [one.name for one in found]


@pytest.mark.usefixtures("database")
def test_what_is_sent_is_there_at_once_and_afterwards() -> None:
    """Dispatches are data while the trace runs, and the same once it is over."""
    with sigexplorer.trace("one user") as trace:
        ada = User.objects.create(username="ada")
        assert names(trace.find("post_save", sender=User)) == ["post_save"]
    assert names(trace.dispatches) == ["pre_save", "post_save", "pre_save", "post_save"]
    assert [one.sender for one in trace.find(post_save)] == ["auth.User", "blog.Profile"]
    assert len(trace.find("post_save", sender="auth.User", instance=ada, created=True)) == 1
    assert trace.find("post_save", created=False) == []
    assert trace.trace.run.title == "one user"
    assert trace.trace is trace.trace
    assert trace.outline().startswith("# one user\n  pre_save auth.User")


@pytest.mark.usefixtures("ada")
def test_inits_are_counted_unless_they_are_asked_for() -> None:
    """pre_init and post_init are numbers, or dispatches with init=True; a find of numbers is an error."""
    with sigexplorer.trace() as outer, sigexplorer.trace(init=True) as inner:
        User.objects.get()
    assert names(inner.dispatches) == ["pre_init", "post_init"]
    assert inner.find(pre_init, sender=User) == [inner.dispatches[0]]
    assert outer.dispatches == ()
    with sigexplorer.trace() as counting:
        User.objects.get()
    assert [(one.name, one.sender, one.times) for one in counting.trace.counted] == [
        ("post_init", "auth.User", 1),
        ("pre_init", "auth.User", 1),
    ]
    with pytest.raises(UsageError, match="only counted"):
        counting.find("pre_init")


def test_traces_nest() -> None:
    """Each of two traces has what was sent while it was open."""
    with sigexplorer.trace() as outer:
        shop.paid.send(None)
        with sigexplorer.trace() as inner:
            shop.shipped.send(None)
        shop.paid.send(None)
    assert names(outer.dispatches) == ["paid", "shipped", "paid"]
    assert names(inner.dispatches) == ["shipped"]


def test_a_trace_is_made_anew() -> None:
    """The same object records again; while it runs it cannot, and before it began it has nothing."""
    trace = sigexplorer.trace()
    with pytest.raises(UsageError, match="not begun"):
        assert trace.dispatches
    with trace:
        shop.paid.send(None)
        with pytest.raises(UsageError, match="running already"):
            trace.start()
    with trace:
        shop.shipped.send(None)
    trace.stop()
    assert names(trace.dispatches) == ["shipped"]


def test_an_error_goes_on_and_leaves_nothing() -> None:
    """What is raised inside comes out, and what was sent until then is there."""
    trace = sigexplorer.trace()
    shop.paid.connect(shop.fail)
    try:
        with pytest.raises(ValueError, match="no book"), trace:
            shop.paid.send(None)
    finally:
        shop.paid.disconnect(shop.fail)
    assert names(trace.dispatches) == ["paid"]


def test_async_with() -> None:
    """Async code is recorded by async with."""

    async def main() -> sigexplorer.Traced:
        async with sigexplorer.trace() as trace:
            await shop.paid.asend(None)
        return trace

    assert [one.method for one in asyncio.run(main()).dispatches] == ["asend"]


def test_functions_of_every_kind_are_decorated() -> None:
    """A call of a function, a coroutine, a generator's whole life: each is recorded, named by it."""
    trace = sigexplorer.trace()

    @trace
    def plain() -> str:
        shop.paid.send(None)
        return "plain"

    @trace
    async def coroutine() -> str:
        await shop.paid.asend(None)
        return "coroutine"

    @trace
    def generator() -> Iterator[str]:
        shop.paid.send(None)
        yield "generator"
        shop.shipped.send(None)

    @trace
    async def async_generator() -> AsyncIterator[str]:
        shop.paid.send(None)
        yield "async generator"
        shop.shipped.send(None)

    async def items() -> list[str]:
        return [item async for item in async_generator()]

    assert plain() == "plain"
    assert names(trace.dispatches) == ["paid"]
    assert trace.trace.run.title.endswith("plain")
    assert asyncio.run(coroutine()) == "coroutine"
    assert trace.trace.run.title.endswith("coroutine")
    assert list(generator()) == ["generator"]
    assert names(trace.dispatches) == ["paid", "shipped"]
    assert asyncio.run(items()) == ["async generator"]
    assert trace.trace.run.title.endswith("async_generator")
    assert names(trace.dispatches) == ["paid", "shipped"]


def test_a_class_is_not_decorated() -> None:
    """What is no function is an error at once."""
    with pytest.raises(UsageError, match="cannot be decorated"):
        sigexplorer.trace()(shop.Desk)


def test_steps_are_headings() -> None:
    """A part of a trace has a name."""
    with sigexplorer.trace() as trace, trace.step("checkout"):
        shop.paid.send(None)
    assert trace.trace.steps[0].title == "checkout"
    assert trace.dispatches[0].step == 1
    assert "checkout" in trace.text()


def test_show_prints_a_view() -> None:
    """Every view goes to a stream; an unknown one names those that there are."""
    with sigexplorer.trace() as trace:
        shop.paid.send(shop.Web, order=7)
    stream = io.StringIO()
    trace.show(file=stream, width=100)
    assert "order=7" in stream.getvalue()
    trace.show("tree", file=stream, width=100)
    trace.show("coverage", file=stream, width=100)
    assert "count_retagging" in stream.getvalue()  # connected, and not called
    with pytest.raises(UnknownNameError, match="table"):
        trace.show("tabel")


@pytest.mark.parametrize("suffix", [form.suffix for form in exporters.FORMATS.values()] + [".txt"])
def test_save_writes_by_the_suffix(tmp_path: Path, suffix: str) -> None:
    """Every exporter's suffix writes its format, and no half file is left."""
    file = tmp_path / f"run{suffix}"
    with sigexplorer.trace("saved", save=file):
        shop.paid.send(shop.Web, order=7)
    text = file.read_text(encoding="utf-8")
    assert "saved" in text or "paid" in text
    assert list(tmp_path.iterdir()) == [file]
    if suffix == ".json":
        assert json.loads(text)["dispatches"][0]["name"] == "paid"
    if suffix == ".jsonl":
        assert [json.loads(line)["type"] for line in text.splitlines()][:2] == ["run", "dispatch"]


def test_a_suffix_that_is_no_format_is_an_error(tmp_path: Path) -> None:
    """The error says so, and nothing is written."""
    with sigexplorer.trace() as trace:
        pass
    with pytest.raises(UsageError, match="no format"):
        trace.save(tmp_path / "run.xyz")
    assert not list(tmp_path.iterdir())


def test_listening_ends_with_the_last_that_listens() -> None:
    """With listen=True Django sees a listener, until no trace wants one any more."""
    from django.db.models.signals import post_delete

    assert not post_delete.has_listeners(User)
    with sigexplorer.trace(listen=True) as trace:
        with sigexplorer.trace(listen=True):
            assert post_delete.has_listeners(User)
        assert post_delete.has_listeners(User)
    assert not post_delete.has_listeners(User)
    assert trace.trace.run.listened


PROGRAM = """
import sys
import time
import sigexplorer
import sigexplorer.errors
assert sigexplorer.__version__ and "trace" in dir(sigexplorer)
assert not any(name.partition(".")[0] in ("django", "rich", "typer") for name in sys.modules), "imported"
with sigexplorer.trace() as trace:
    trace.assert_not_sent("m2m_changed", pk_set={1})  # nobody knows the models yet
    from django.conf import settings
    settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"])
    import django
    django.setup()
sent = {one.sender for one in trace.find("class_prepared")}
assert "auth.User" in sent, sent
"""


def test_it_begins_before_django_is_set_up(tmp_path: Path) -> None:
    """The package imports no Django; a trace that begins before django.setup() sees the models made."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_name_that_is_not_there_is_pythons_own_error() -> None:
    """The package has nothing but what it says."""
    with pytest.raises(AttributeError, match="no attribute 'tracer'"):
        assert sigexplorer.tracer


def test_an_outline_of_any_trace_is_kept_beside_the_file_that_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGNALS_UPDATE writes it once; the same holds, another fails, and a name that is none is an error."""
    file = tmp_path / "test_sales.py"
    code = compile("def ask(trace, name): trace.assert_outline(name)", str(file), "exec")
    exec(code, held := {})  # type: ignore[var-annotated] # noqa: S102 - our own text
    ask, trace = held["ask"], sigexplorer.trace()
    with trace:
        shop.paid.send(None)
        with pytest.raises(AssertionError, match="no outline 'sale' is kept yet"):
            ask(trace, "sale")
        monkeypatch.setenv("SIGNALS_UPDATE", "1")
        ask(trace, "sale")
        ask(trace, "sale")
        monkeypatch.delenv("SIGNALS_UPDATE")
        ask(trace, "sale")
        shop.paid.send(None)
    with monkeypatch.context() as patch:
        patch.setenv("SIGNALS_UPDATE", "1")
        with pytest.raises(AssertionError, match="'sale' was already written with other content"):
            ask(trace, "sale")
    with pytest.raises(AssertionError, match=r"not the one that is kept in test_sales\.sale\.outline\.txt"):
        ask(trace, "sale")
    for name in (3, None, "", "a/b", b"sale", ".sale"):
        with pytest.raises(UsageError, match="is no name for an outline"):
            ask(trace, name)
    assert [one.name for one in tmp_path.iterdir()] == ["test_sales.sale.outline.txt"]


def test_a_suffix_that_is_no_format_says_what_is(tmp_path: Path) -> None:
    """In the words of who writes Python, and not of who types commands."""
    with sigexplorer.trace() as trace:
        pass
    with pytest.raises(UsageError, match=r"is no format \(end it in \.html, .* format_name="):
        trace.save(tmp_path / "r.exe")
    assert list(tmp_path.iterdir()) == []


def test_a_mixin_behind_its_test_case_is_refused() -> None:
    """It would record nothing: what runs a test would never ask it."""
    with pytest.raises(UsageError, match=r"write it first: class Sales\(SignalsMixin, TestCase\)"):
        type("Sales", (SimpleTestCase, sigexplorer.SignalsMixin), {})
    base = type("Base", (sigexplorer.SignalsMixin,), {})
    assert issubclass(type("Sales", (base, SimpleTestCase), {}), SimpleTestCase)


CASES = """
import unittest
import django.test
import shop
import sigexplorer

class Sales(sigexplorer.SignalsMixin):
    def test_sent(self):
        shop.paid.send(None)
        self.signals.assert_sent(shop.paid, times=1)

class TestOne(Sales, unittest.TestCase): pass
class TestTwo(Sales, unittest.IsolatedAsyncioTestCase):
    async def test_awaited(self):
        await shop.paid.asend(None)
        self.signals.assert_sent(shop.paid, times=1)
class TestThree(Sales, django.test.SimpleTestCase): pass
class TestFour(Sales, django.test.TestCase): pass
class TestFive(sigexplorer.SignalsMixin, unittest.TestCase):
    def setUp(self):
        self.signals.assert_no_signals()
    def test_fails(self): pass
"""


def test_the_mixin_works_in_pytest_alone(pytester: pytest.Pytester) -> None:
    """Whatever the test case: pytest sets the test method on it, and takes it away; setUp is not recorded."""
    pytester.makepyfile(CASES)
    result = pytester.runpytest_inprocess("-p", "no:django", "-p", "no:randomly", "-p", "no:asyncio")
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["*UsageError: the test method has not begun (what setUp sends *"])


def test_times_are_true_where_a_test_stops_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """As freezegun does it, in each module that holds one of Python's clocks: none of ours does."""
    clocks = {id(getattr(time, name)): name for name in ("perf_counter_ns", "monotonic", "time")}
    for path, module in list(sys.modules.items()):
        if path.startswith("sigexplorer.") or path == "time":
            for name in [name for name, held in vars(module).items() if id(held) in clocks]:
                monkeypatch.setattr(module, name, lambda: 0)
    with sigexplorer.trace() as trace:
        shop.paid.send(None)
    assert 0 < trace.dispatches[0].start_ns < trace.trace.run.duration_ns
    assert not (trace.trace.run.started_at or "").startswith("1970")
