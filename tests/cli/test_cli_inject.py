"""``trace --inject``: a receiver of the program fails on purpose, and what comes of it is seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tracing_programs import dispatches, recorded, run, trace, traced, write

if TYPE_CHECKING:
    from conftest import Cli

BUY = """
import shop
for order in (1, 2, 3):
    try:
        shop.paid.send("web", order=order)
    except Exception as problem:
        print(type(problem).__name__, problem)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a program that sells three times."""
    return write(tmp_path, buy=BUY)


def test_a_fault_happens_at_that_call(folder: Path) -> None:
    """The program sees the error; the trace has it, and a note that it was on purpose."""
    file = folder / "run.jsonl"
    answer = trace(folder, "--inject", "shop.ship:raise=TimeoutError:when=2", "-o", str(file), "--", "buy.py")
    assert (answer.code, answer.out, answer.err) == (0, "TimeoutError injected by sigexplorer\n", "")
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    outcomes = [one["calls"][0]["outcome"] for one in dispatches(records, "paid")]
    assert outcomes == ["returned", "raised", "returned"]
    assert [one["order"] for one in (d["arguments"] for d in dispatches(records, "paid"))] == [1, 2, 3]
    assert records[0]["notes"] == ["injected: shop.ship:raise=TimeoutError:when=2"]


def test_several_faults_in_every_process(folder: Path) -> None:
    """The option may come again; names may be their end; children that are forked fail as well."""
    program = (
        "import os, shop\npid = os.fork()\nif pid:\n    os.waitpid(pid, 0)\nexec(open('buy.py').read())\n"
    )
    write(folder, forking=program)
    options = ("--inject", "ship:delay=1ms", "--inject", "s*.ship:raise=LookupError:when=3")
    answer = run(traced(*options, "--", "forking.py"), folder)
    assert answer.out == "LookupError injected by sigexplorer\n" * 2
    assert "sigexplorer: " not in answer.err


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("shop.shpi:raise=OSError", "met no call (nearest: shop.ship, shop.book)"),
        ("shop.book:raise=OSError", "met no call: that receiver is connected and was not called"),
        ("shop.ship:raise=OSError:when=9", "did not happen: there were 3 calls"),
        ("shop.ship:raise=nowhere.Nothing", "'nowhere.Nothing' cannot be had: ModuleNotFoundError: "),
        ("shop.ship:raise=shop.paid", "'shop.paid' is no exception"),
    ],
)
def test_a_fault_that_did_not_happen_is_told(folder: Path, fault: str, said: str) -> None:
    """One line at the end; the program and its exit code are as ever."""
    answer = trace(folder, "--inject", fault, "--", "buy.py")
    assert (answer.code, answer.out) == (0, "")
    assert f"sigexplorer: --inject '{fault}'" in answer.err
    assert said in answer.err


def test_without_django_nothing_is_met(tmp_path: Path) -> None:
    """A program that sends no signals is told apart from one whose receiver was not called."""
    write(tmp_path, plain="print('plain')")
    answer = trace(tmp_path, "--inject", "a.b:raise=OSError", "--", "plain.py")
    assert answer.out == "plain\n"
    assert answer.err.splitlines() == [
        "sigexplorer: no Django signals were sent",
        "sigexplorer: --inject 'a.b:raise=OSError' met no call",
    ]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("a.b", "'a.b' does not say what happens"),
        ("", "'' does not say"),
        (":raise=OSError", "does not say to which receiver"),
        ("a.b:when=2", "does not say what happens"),
        ("a.b:raise=Tiemout", "unknown exception 'Tiemout' (nearest: TimeoutError"),
        ("a.b:raise=int", "unknown exception 'int'"),
        ("a.b:raise=UnicodeDecodeError", "cannot be made of a message"),
        ("a.b:raise", "'raise' of 'a.b:raise' cannot be meant"),
        ("a.b:raise=OSError:raise=OSError", "cannot be meant"),
        ("a.b:rase=OSError", "nearest: raise"),
        ("a.b:raise=OSError:when=0", "'when=0' is no call"),
        ("a.b:raise=OSError:when=two", "'when=two' is no call"),
        ("a.b:delay=soon", "'soon' is not a duration"),
        ("a.b:raise=../x", "unknown exception"),
        ("a.b:raise=os.system", "'os.system' is no exception"),
        ("a.b:raise=os.eror", "unknown exception 'os.eror' (nearest: os.error"),
        ("a.b:raise=django.db.utils.IntegrityEror", "(nearest: django.db.utils.IntegrityError"),
        ("a.b:raise=email.charset.add_alias", "'email.charset.add_alias' is no exception"),
    ],
)
def test_a_fault_that_cannot_be_meant_is_one_line(cli: Cli, fault: str, said: str) -> None:
    """And exit code 2, before the program begins."""
    answer = cli("trace", "--inject", fault, "--", "-c", "print('ran')")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert said in answer.err


def test_nothing_stands_where_nothing_is_injected(folder: Path) -> None:
    """Without the option the methods that resolve receivers are Django's own."""
    found = "Signal._live_receivers.__code__.co_filename"
    write(folder, own=f"import shop\nfrom django.dispatch import Signal\nassert 'django' in {found}\n")
    assert recorded(folder, "own.py")
