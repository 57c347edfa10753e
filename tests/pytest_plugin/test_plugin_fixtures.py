"""The fixtures and the marker, in runs of pytest with and without what makes Django easy there."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]


def needs(name: str) -> pytest.MarkDecorator:
    """Return a mark that skips a test where a plug-in of pytest is not installed."""
    return pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed")


#: Test files that one run of pytest goes through, each looked at by a test of ours.
FILES = {
    "test_recorded.py": """
        pytestmark = pytest.mark.usefixtures("tables")

        def test_sent(signals):
            Order.objects.create(title="a")
            [one] = signals.assert_sent(post_save, sender=Order, created=True)
            signals.assert_called("shop.models.on_paid", times=1)
            assert one.calls[0].receiver == "shop.models.on_order"

        def test_not_sent(signals):
            Order.objects.create(title="b")
            signals.assert_sent("post_save", sender="shop.Order", created=False)
        """,
    "test_mistyped.py": """
        def test_it(signals):
            signals.assert_not_sent('post_sav')
        """,
    "test_muting.py": """
        pytestmark = pytest.mark.usefixtures("tables")

        def test_muted(mute_signals, signals):
            mute_signals("post_save", sender=Order)
            Order.objects.create(title="a")
            signals.assert_called(on_order, times=0)
            signals.assert_connected(on_order, post_save, Order)

        def test_not_muted(signals):
            Order.objects.create(title="a")
            signals.assert_called(on_order, times=1)
        """,
    "test_marked.py": """
        @pytest.fixture
        def order(tables):
            return Order.objects.create(title="made by a fixture")

        @pytest.mark.usefixtures("tables")
        @pytest.mark.signals(mute="post_save")
        class TestMuted:
            @pytest.mark.signals(mute=[paid, "shop.models.on_order"], max_dispatches=4)
            def test_both(self, order, signals):
                Order.objects.create(title="a")
                paid.send(None, order=order)
                paid.send(None, order=order)
                signals.assert_called(on_order, times=0)
                signals.assert_called(on_paid, times=0)

        @pytest.mark.signals(max_dispatches=2)
        def test_too_many(order):
            order.save()
        """,
}

WRONG = {
    "an unknown signal": ("mute='post_sav'", "unknown signal 'post_sav' (nearest: post_save*"),
    "an unknown receiver": (
        "mute=['shop.models.on_ordr']",
        "unknown signal or receiver 'shop.models.on_ordr' (nearest: shop.models.on_order*",
    ),
    "an unknown word": ("silence='post_save'", "it takes mute= and max_dispatches= only"),
    "no number": ("max_dispatches='two'", "'two' is no number*"),
    "no signal": ("mute=3", "*is no signal*"),
    "a set": ("mute={'post_save'}", "*is no signal (give a name or a signal, or a list of them)*"),
}
FILES["test_wrong.py"] = "".join(
    f"@pytest.mark.signals({arguments})\ndef test_{number}(): pass\n\ndef test_after_{number}(): pass\n"
    for number, (arguments, _) in enumerate(WRONG.values())
)

NO_NAMES = ("../escaped", "", ".hidden", "a/b", "a\x00b", "x" * 101)
FILES["test_names.py"] = "".join(
    f"def test_{number}(signals):\n    signals.assert_outline({name!r})\n"
    for number, name in enumerate(NO_NAMES)
)

OUTLINE = """
    @pytest.mark.usefixtures("tables")
    def test_it(signals):
        Order.objects.create(title="{title}")
        signals.assert_outline("checkout")
    """
CHANGED = OUTLINE.replace("        signals", "        Order.objects.all().delete()\n        signals")
KEPT = "{}.checkout.outline.txt"
FILES |= {
    "test_new.py": OUTLINE.format(title="a"),
    "test_changed.py": CHANGED.format(title="a"),
    KEPT.format("test_changed"): "what was kept before\n",
}


@pytest.fixture(scope="module")
def told(run_once: Callable[..., Any]) -> Any:
    """Return what a run of these files told, with outlines written."""
    return run_once(FILES, "--signals-update")


def test_signals_records_the_test(told: Any) -> None:
    """The fixture has the assertions; a failing one shows the timeline, and no line of ours."""
    assert told.outcomes("test_recorded") == {"test_sent": ["passed"], "test_not_sent": ["failure"]}
    said = told.said("test_recorded", "test_not_sent")
    said.fnmatch_lines(
        ["*post_save from shop.Order with created=False was not sent", "*nearly: *created=True, not False"]
    )
    said.fnmatch_lines(["*shop.models.on_order*"])
    assert "was not sent" in told.out
    assert "sigexplorer/testing" not in told.out


def test_a_mistyped_signal_fails_with_the_nearest(told: Any) -> None:
    """Asserting on a name that is no signal never passes."""
    assert told.outcomes("test_mistyped") == {"test_it": ["failure"]}
    said = told.said("test_mistyped", "test_it")
    said.fnmatch_lines(["*unknown signal 'post_sav' (nearest: post_save, *"])


def test_mute_signals_mutes_until_the_test_ends(told: Any) -> None:
    """A muted receiver is not called, and is called again in the next test; its registration stays."""
    assert told.outcomes("test_muting") == {"test_muted": ["passed"], "test_not_muted": ["passed"]}


def test_the_marker_mutes_and_limits(told: Any) -> None:
    """mute= takes signals and receivers, of a class and its methods; max_dispatches= counts the test."""
    assert told.outcomes("test_marked") == {"test_both": ["passed"], "test_too_many": ["failure"]}
    said = told.said("test_marked", "test_too_many")
    said.fnmatch_lines(["the marker 'signals': 3 dispatches sent, at most 2 wanted"])
    assert "During handling" not in told.out


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_marker_fails_its_test_in_one_line(name: str, told: Any) -> None:
    """A marker that cannot be meant fails the test, and not the run, and says why."""
    number = [*WRONG].index(name)
    outcomes = told.outcomes("test_wrong")
    assert outcomes[f"test_{number}"] == ["failure"]
    assert outcomes[f"test_after_{number}"] == ["passed"]
    says = WRONG[name][1].replace("[", "[[]")
    assert told.said("test_wrong", f"test_{number}").lines == [mock.ANY]
    told.said("test_wrong", f"test_{number}").fnmatch_lines([f"the marker 'signals': {says}"])


def test_a_mute_that_met_nothing_says_so(run: Run) -> None:
    """It warns of its line, and a marker of its test's; where warnings are errors the test fails."""
    code = "@pytest.mark.signals(mute='post_delete')\ndef test_it(mute_signals):\n    mute_signals(paid)\n"
    result = run(code, "-W", "default::sigexplorer.testing.SigexplorerWarning")
    result.assert_outcomes(passed=1, warnings=2)
    result.stdout.fnmatch_lines(
        ["*/test_shop.py:6: *mute('post_delete'): it met nothing*", "*/test_shop.py:8: *mute(paid): it met*"]
    )


def test_an_outline_is_kept_beside_the_test(told: Any, run_once: Callable[..., Any]) -> None:
    """--signals-update writes it, the same one passes whatever the keys, another one fails with a diff."""
    assert told.outcomes("test_new") == told.outcomes("test_changed") == {"test_it": ["passed"]}
    kept = (told.folder / KEPT.format("test_new")).read_text(encoding="utf-8")
    assert "post_save shop.Order" in kept
    assert "test_it" not in kept
    assert "fast_delete" in (told.folder / KEPT.format("test_changed")).read_text(encoding="utf-8")

    files = {f"{name}.py": OUTLINE.format(title="b") for name in ("test_missing", "test_new")}
    outlines = {KEPT.format(name): kept for name in ("test_new", "test_differs")}
    again = run_once(files | outlines | {"test_differs.py": CHANGED.format(title="b")})
    assert again.outcomes("test_missing") == again.outcomes("test_differs") == {"test_it": ["failure"]}
    assert again.outcomes("test_new") == {"test_it": ["passed"]}
    again.said("test_missing", "test_it").fnmatch_lines(
        ["*no outline 'checkout' is kept yet: --signals-update*writes test_missing.*"]
    )
    again.said("test_differs", "test_it").fnmatch_lines(
        ["*the outline 'checkout' is not the one that is kept in *", "*+*fast_delete*"]
    )
    assert {file.name: file.read_text("utf-8") for file in again.folder.rglob("*.outline.txt")} == outlines


@pytest.mark.parametrize("name", NO_NAMES)
def test_an_outline_cannot_be_kept_elsewhere(name: str, told: Any) -> None:
    """A name that is none ends the test, and writes nothing."""
    number = NO_NAMES.index(name)
    assert told.outcomes("test_names")[f"test_{number}"] == ["failure"]
    told.said("test_names", f"test_{number}").fnmatch_lines(["*is no name for an outline*"])
    written = [*told.folder.rglob("*.outline.txt"), *told.folder.parent.glob("*.outline.txt")]
    assert {file.name for file in written} == {KEPT.format("test_new"), KEPT.format("test_changed")}


MIXIN = """
from django.test import SimpleTestCase, TestCase, TransactionTestCase
import sigexplorer

class TestPlain(sigexplorer.SignalsMixin, SimpleTestCase):
    def test_sent(self):
        paid.send(None, order=Order(title="x"))
        self.signals.assert_sent(paid, times=1)

    async def test_awaited(self):
        await paid.asend(None, order=Order(title="x"))
        self.signals.assert_called(on_paid, times=1)

    def test_fails(self):
        self.signals.assert_sent(paid)

class TestInATransaction(sigexplorer.SignalsMixin, TestCase):
    def setUp(self):
        self.order = Order.objects.create(title="of setUp")

    def tearDown(self):
        assert not [one for one in self.signals.dispatches if one.method != "send"]

    def test_callbacks(self):
        with self.captureOnCommitCallbacks(execute=True):
            self.order.save()
            self.signals.assert_not_sent(paid)
        self.signals.assert_order("pre_save", "post_save", paid)
        self.signals.assert_sent("post_save", times=1, created=False)

    def test_no_callbacks(self):
        self.order.save()
        self.signals.assert_not_sent(paid)

    def test_muted(self):
        self.mute_signals("post_save", strict=True)
        with self.captureOnCommitCallbacks(execute=True) as callbacks:
            self.order.save()
        assert callbacks == []
        self.signals.assert_called(on_order, times=0)

    def test_only(self):
        self.only_signals(receiver=on_order, strict=True)
        self.order.save()
        paid.send(None, order=self.order)
        self.signals.assert_called(on_paid, times=0)

class TestCommitted(sigexplorer.SignalsMixin, TransactionTestCase):
    def test_committed(self):
        Order.objects.create(title="x")
        self.signals.assert_called(on_paid, times=1)
"""


@pytest.mark.published
@needs("pytest_django")
def test_the_mixin_records_test_methods_in_pytest(run: Run) -> None:
    """Of each kind of test case what the method sends is recorded, callbacks that are captured included."""
    result = run(MIXIN, "--ds", "mysite")
    result.assert_outcomes(passed=7, failed=1)
    result.stdout.fnmatch_lines(["*paid was not sent*"])


def test_the_mixin_records_test_methods_in_djangos_runner(project: pytest.Pytester) -> None:
    """The same without pytest."""
    head = "from shop.models import Order, on_order, on_paid, paid\n"
    project.makepyfile(**{"shop/tests": f"{head}{MIXIN}"})
    result = project.run(sys.executable, "-W", "error", "-m", "django", "test", "--settings", "mysite")
    assert result.ret == 1
    assert "sigexplorer/testing" not in result.stderr.str()
    result.stderr.fnmatch_lines(
        ["FAIL: test_fails *", "*paid was not sent", "Ran 8 tests in*", "*", "FAILED (failures=1)"]
    )


@pytest.mark.published
@needs("pytest_django")
@needs("pytest_asyncio")
def test_it_works_with_pytest_django_and_asyncio(run: Run, project: pytest.Pytester) -> None:
    """In async tests the marker and the fixtures do what they do in others."""
    (project.path / "conftest.py").unlink()
    ini = (project.path / "tox.ini").read_text()
    project.makeini(f"{ini}\nDJANGO_SETTINGS_MODULE = mysite\nasyncio_mode = auto\n")
    run("""
pytestmark = pytest.mark.django_db(transaction=True)

@pytest.mark.signals(mute="post_save")
async def test_marked(signals):
    await Order.objects.acreate(title="a")
    signals.assert_sent("post_save", sender=Order)
    signals.assert_called(on_order, times=0)

async def test_muted(signals, mute_signals):
    mute_signals(receiver=on_paid)
    await Order.objects.acreate(title="a")
    signals.assert_called(on_order, times=1)
    signals.assert_called(on_paid, times=0)

async def test_not_muted(signals):
    await Order.objects.acreate(title="a")
    signals.assert_called(on_paid, times=1)
""").assert_outcomes(passed=3)
