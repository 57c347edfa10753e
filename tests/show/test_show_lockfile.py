"""The lockfile: read as it was written, and each kind of drift told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from build import TEXTS, receivers
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.errors import UsageError
from sigexplorer.model import ListedReceiver, Origin
from sigexplorer.show.lockfile import FORMAT, Locked, compare, locked, read, write

A = Locked(
    "shop.signals.paid", "shop.receivers.a", "shop.Order", "uid", "shop/apps.py", frozenset({"strong"})
)
B = Locked("shop.signals.paid", "shop.receivers.b")
C = Locked("shop.signals.paid", "shop.receivers.c", connected="shop/receivers.py", how=frozenset({"async"}))
POST_SAVE = replace(B, signal="django.db.models.signals.post_save")


def written(tmp_path: Path, lines: list[Locked]) -> Path:
    """Return a lockfile."""
    file = tmp_path / "signals.lock"
    file.write_text(write(lines), encoding="utf-8")
    return file


@given(found=st.lists(receivers(TEXTS), max_size=6))
def test_what_is_written_is_read(
    found: list[ListedReceiver], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever receivers, senders and keys are called, the file says it back, and nothing has drifted."""
    lines = locked(found)
    file = written(tmp_path_factory.getbasetemp(), lines)
    assert read(file) == lines
    assert compare(read(file), lines) == []


def test_the_file_is_sorted_and_says_nothing_of_the_machine() -> None:
    """Signals are sorted, receivers in call order; no line number and no folder of the machine."""
    one = ListedReceiver(
        "shop.signals.paid", "paid", "shop.receivers.b", 2, "shop/receivers.py", 77, None, None,
        weak=True, is_async=False, alive=True, connected_at=Origin("shop/apps.py", 99, "ready"), stock=False,
    )  # fmt: skip
    found = [
        one,
        replace(
            one,
            receiver="shop.receivers.a",
            dispatch_uid="two words",
            sender="shop.Order",
            weak=False,
            is_async=True,
        ),
        replace(one, signal="django.db.models.signals.post_save"),
        replace(one, receiver="shop.receivers.dead", alive=False),
        replace(one, receiver="shop.receivers.doomed", by_debug=True),
        replace(one, receiver="django.contrib.auth.models.update_last_login", stock=True),
        replace(one, signal="<Signal shop/factory.py:12 #2>"),
    ]
    assert write(locked(found)).split("\n\n", 1)[1] == (
        "[<Signal shop/factory.py #2>]\n"
        "shop.receivers.b connected=shop/apps.py\n"
        "\n"
        "[django.db.models.signals.post_save]\n"
        "shop.receivers.b connected=shop/apps.py\n"
        "\n"
        "[shop.signals.paid]\n"
        "shop.receivers.b connected=shop/apps.py\n"
        'shop.receivers.a sender=shop.Order uid="two words" connected=shop/apps.py async strong\n'
    )


@pytest.mark.parametrize(
    ("before", "now", "changes"),
    [
        ([A], [A, B], [("added", "shop.receivers.b")]),
        ([A, B], [A], [("dropped", "shop.receivers.b")]),
        ([A, B, C], [B, C, A], [("reordered", "shop.receivers.a")]),
        ([A, B], [B, A], [("reordered", "shop.receivers.b")]),
        ([A], [replace(A, receiver="shop.handlers.a")], [("moved", "shop.handlers.a")]),
        ([A], [replace(A, connected="shop/hooks.py")], [("moved", "shop.receivers.a")]),
        ([A], [replace(A, uid="other")], [("changed", "shop.receivers.a")]),
        ([A], [replace(A, how=frozenset())], [("changed", "shop.receivers.a")]),
        (
            [A],
            [replace(A, sender="shop.Other")],
            [("dropped", "shop.receivers.a"), ("added", "shop.receivers.a")],
        ),
        ([A, POST_SAVE], [A], [("dropped", "shop.receivers.b")]),
        ([A, A], [A], [("dropped", "shop.receivers.a")]),
        (
            [A, B],
            [B, replace(A, connected="x.py")],
            [("moved", "shop.receivers.a"), ("reordered", "shop.receivers.b")],
        ),
    ],
)
def test_each_drift_is_told(before: list[Locked], now: list[Locked], changes: list[tuple[str, str]]) -> None:
    """What was added, dropped, moved, reordered or changed is told as that, each once."""
    assert sorted((one.change, one.receiver) for one in compare(before, now)) == sorted(changes)


def test_a_text_is_another_sender_than_the_model_of_that_name() -> None:
    """A receiver that is connected for the name instead of the model has changed: it never fires again."""
    one = ListedReceiver(
        "shop.signals.paid", "paid", "shop.receivers.a", 1, None, None, "shop.Order", None,
        weak=True, is_async=False, alive=True, connected_at=None, stock=False,
    )  # fmt: skip
    drifts = compare(locked([one]), locked([replace(one, by_text=True)]))
    assert {drift.sender for drift in drifts} == {"shop.Order", "'shop.Order'"}


def test_a_move_says_from_where_to_where() -> None:
    """A receiver that moved is told with both its names."""
    (drift,) = compare([A], [replace(A, receiver="shop.handlers.a", connected="shop/handlers.py")])
    assert (
        drift.detail == "shop.receivers.a -> shop.handlers.a; connected in shop/apps.py -> shop/handlers.py"
    )


def test_a_change_names_what_changed() -> None:
    """Whether it is a key, a reference or a kind of function that changed is told by name."""
    (drift,) = compare([replace(A, uid="again")], [replace(A, uid="again2", how=frozenset({"async"}))])
    assert drift.detail == "dispatch_uid again -> again2; strong -> weak; sync -> async"
    (drift,) = compare([B], [replace(B, uid="x")])
    assert drift.detail == "dispatch_uid nothing -> x"


def test_many_receivers_are_compared_in_one_pass() -> None:
    """How often lines are compared grows with their number, not with its square."""
    compared = 0

    class Counting(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str(self) == other

    count = 500
    old = [replace(A, receiver=Counting(f"shop.receivers.r{number}")) for number in range(count)]
    new = [replace(A, receiver=Counting(f"shop.receivers.r{number}")) for number in range(count)]
    new[7] = replace(new[7], connected="shop/hooks.py")
    assert [drift.change for drift in compare(old, new)] == ["moved"]
    assert compared < 30 * count


BAD = {
    "no first line": "[x]\na\n",
    "another format": "# sigexplorer.lock/2\n",
    "no signal": f"{FORMAT}\nshop.receivers.a\n",
    "a merge": f"{FORMAT}\n[s]\n<<<<<<< HEAD a=b\n",
    "an unknown key": f"{FORMAT}\n[s]\na colour=red\n",
    "an unknown word": f"{FORMAT}\n[s]\na fast\n",
    "a broken text": f'{FORMAT}\n[s]\n"a\n',
    "nothing": "",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_file_that_is_no_lock_is_refused(text: str, tmp_path: Path) -> None:
    """Another file, a conflict of a merge, or a line that means nothing is an error with its place."""
    file = tmp_path / "signals.lock"
    file.write_text(text)
    with pytest.raises(UsageError) as problem:
        read(file)
    assert str(file) in problem.value.message


def test_a_missing_file_says_how_to_write_one(tmp_path: Path) -> None:
    """Without a lockfile the error names the command that writes it."""
    with pytest.raises(UsageError) as problem:
        read(tmp_path / "signals.lock")
    assert "sigexplorer lock" in problem.value.hint
    file: Any = tmp_path / "binary.lock"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError):
        read(file)
