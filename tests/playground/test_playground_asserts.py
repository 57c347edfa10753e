"""Asserts that are noted: the same as others, and they tell their values."""

from __future__ import annotations

import ast
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sigexplorer.playground import asserts
from sigexplorer.playground.asserts import Loader, explain, telling

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[[str], tuple[list[str], tuple[str, str | None] | None]]


@pytest.fixture
def failed() -> list[tuple[str, str | None]]:
    """Return what is told of asserts that fail."""
    return []


@pytest.fixture
def run(tmp_path: Path, failed: list[tuple[str, str | None]]) -> Run:
    """Return a function that runs the body of a function, and returns what held and what failed."""

    def run_body(body: str) -> tuple[list[str], tuple[str, str | None] | None]:
        file = tmp_path / "body.py"
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        file.write_text(f"import weakref\n\nclass Thing: pass\n\ndef main():\n{lines}\n")
        held: list[str] = []
        names: dict[str, Any] = {"__name__": "body"}
        exec(Loader("body", str(file)).get_code("body"), names)  # noqa: S102 - our own program
        with telling(held.append, lambda *told: failed.append(told)):
            try:
                names["main"]()
            except AssertionError as problem:
                return held, explain(problem)
        return held, None

    return run_body


FAILING = {
    "a comparison": ("a = 1\nassert a == 2", ("a == 2", "a is 1")),
    "a call": ("assert len([1]) > 3", ("len([1]) > 3", "len([1]) is 1")),
    "a chain": ("a, b = 1, 5\nassert 0 < a < b < 3", ("0 < a < b < 3", "a is 1; b is 5")),
    "a chain that stops early": ("a, b = 1, 5\nassert 3 < a < b", ("3 < a < b", "a is 1")),
    "not": ("a = 'x'\nassert not a", ("not a", "a is 'x'")),
    "and": ("a, b = 1, 0\nassert a and b", ("a and b", "a is 1; b is 0")),
    "or": ("a, b = 0, ''\nassert a or not 1 or b", ("a or not 1 or b", "a is 0; b is ''")),
    "a message": ("a = 1\nassert a == 2, 'two'", ("two", "a is 1")),
    "a message that is made": ("a = 1\nassert a == 2, f'{a}!'", ("a == 2", "1!; a is 1")),
    "nothing to tell": ("assert False", ("False", None)),
    "a secret": ("password = {'token': 'abcdef123'}\nassert not password", None),
    "an assignment in it": ("assert (n := 3) == 4", ("(n := 3) == 4", None)),
    "raised by hand": ("raise AssertionError('no\\nnearly: this\\n\\na timeline')", ("no", "nearly: this")),
    "raised without a word": ("raise AssertionError", ("raise AssertionError", None)),
}


@pytest.mark.parametrize(("body", "says"), FAILING.values(), ids=FAILING)
def test_a_failing_assert_tells_its_values(body: str, says: tuple[str, str | None] | None, run: Run) -> None:
    """What was stated is told, and what each side came to; a secret is not."""
    held, ended = run(body)
    assert held == []
    assert ended is not None
    if says is None:
        assert "abcdef123" not in str(ended)
    else:
        assert ended == says


@pytest.mark.parametrize("body", [body for body, _ in FAILING.values()], ids=FAILING)
def test_it_fails_as_it_would_without_us(body: str, run: Run) -> None:
    """The very same programs fail when they are compiled as they are."""
    assert run(body)[1] is not None
    with pytest.raises(AssertionError):
        exec(compile(ast.parse(body), "body", "exec"), {})  # noqa: S102 - our own program


def test_an_assert_that_holds_is_told_as_it_is_written(run: Run) -> None:
    """By its message where that is a text, else by its source; calls of what asserts as well."""
    held, failed = run(
        "def assert_fine(x): return x\n"
        "assert 1 < 2\nassert [1], 'one'\nassert {1: 2} == {1: 2}, 1 / 0\nx = assert_fine(3)\nassert_fine(x)"
    )
    assert failed is None
    assert held == ["1 < 2", "one", "{1: 2} == {1: 2}", "assert_fine(3)", "assert_fine(x)"]


def test_everything_is_evaluated_once(run: Run) -> None:
    """No expression of an assert runs twice, nor one that would not have run."""
    held, failed = run(
        "seen = []\ndef see(x):\n    seen.append(x)\n    return x\n"
        "assert see(1) < see(2) > see(0), see(3)\nassert see(4) or see(5)\nassert not (see(0) and see(6))\n"
        "assert seen == [1, 2, 0, 4, 0]"
    )
    assert failed is None
    assert len(held) == 4


def test_nothing_is_kept_alive(run: Run) -> None:
    """What an assert compared is let go with the assert."""
    _, failed = run(
        "def make():\n    return Thing()\n"
        "seen = []\ndef note(x):\n    seen.append(weakref.ref(x))\n    return x\n"
        "assert note(make())\nassert seen[0]() is None"
    )
    assert failed is None


IN_A_THREAD = """
import threading
def ask():
    assert 1 == 2
threading.excepthook = print
thread = threading.Thread(target=ask)
thread.start()
thread.join()
"""

IN_A_HANDLER = """
try:
    1 / 0
except ZeroDivisionError:
    try:
        assert 1 == 2
    except Exception: pass
"""

ASSERTS = "def assert_it(): raise AssertionError('1 == 2')"


@pytest.mark.parametrize(
    "body",
    [
        "try:\n    assert 1 == 2\nexcept Exception: pass",
        "try:\n    assert 1 == 2\nexcept: pass",
        "def ask():\n    assert 1 == 2\ntry:\n    ask()\nexcept AssertionError: pass",
        f"{ASSERTS}\ntry:\n    assert_it()\nexcept Exception: pass",
        IN_A_THREAD,
        IN_A_HANDLER,
    ],
    ids=["anything", "all", "by a caller", "of a call", "in a thread", "in a handler"],
)
def test_an_assert_that_is_caught_has_failed(
    body: str, run: Run, failed: list[tuple[str, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever catches it, it is told as one that ends the scenario is."""
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    assert run(body)[1] is None
    assert failed == [("1 == 2", None)]


@pytest.mark.parametrize(
    "body",
    [
        "try:\n    assert 1 == 2\nexcept AssertionError: pass",
        "try:\n    assert 1 == 2\nexcept (ValueError, AssertionError): pass",
        f"{ASSERTS}\ntry:\n    x = assert_it()\nexcept AssertionError: pass",
        "import contextlib\nwith contextlib.suppress(AssertionError):\n    assert 1 == 2",
    ],
    ids=["alone", "among others", "of a call", "in a with"],
)
def test_an_assert_that_is_expected_to_fail_has_not(
    body: str, run: Run, failed: list[tuple[str, str | None]]
) -> None:
    """Its own block says that it may: then it is a question, and no claim."""
    assert run(body) == ([], None)
    assert failed == []


def test_python_without_asserts_leaves_none_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With -O, or PYTHONOPTIMIZE, the asserts of a scenario are claims all the same."""

    def compiled(*arguments: Any, optimize: int = 2, **named: Any) -> Any:
        return compile(*arguments, optimize=optimize, **named)

    monkeypatch.setattr(asserts, "compile", compiled, raising=False)
    assert run("assert 1 == 2") == ([], ("1 == 2", None))


def test_an_assert_of_another_module_tells_the_names_in_it() -> None:
    """An assert that was not compiled by us is told by its line and by the names in it."""
    with pytest.raises(AssertionError) as raised:
        _plain(3)
    statement, seen = explain(raised.value)
    assert statement == "number == 4"
    assert seen is not None
    assert "number is 3" in seen


def _plain(number: int) -> None:
    assert number == 4
