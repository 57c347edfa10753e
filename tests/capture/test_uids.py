"""What a dispatch_uid is told as: the same in every process and on every machine."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from sigexplorer.capture.uids import uid


class Keeper:
    """An object with a method that receives."""

    def saved(self, **_: object) -> None:
        """Receive."""


class Sender:
    """A class that sends."""


MARK = Keeper()
PLACE = id(MARK)

TOLD: list[tuple[Any, str | None]] = [
    (None, None),
    ("order-saved", "order-saved"),
    (("shop", 7, None), "('shop', 7, None)"),
    (("shop",), "('shop',)"),
    (20_261_121, "20261121"),
    ("saved 20261121", "saved 20261121"),
    ("https://shop.example/a/b", "https://shop.example/a/b"),
    (PLACE, "<id>"),
    ((PLACE, ("save", PLACE)), "(<id>, ('save', <id>))"),
    (f"keeper_{PLACE}_save", "keeper_<id>_save"),
    (f"{PLACE:#x}:save", "<id>:save"),
    (f"<Keeper at {PLACE:#018x}>", "<Keeper at <id>>"),
    (f"{__file__}:saved", "test_uids.py:saved"),
    ((f"save {__file__}", PLACE), "('save test_uids.py', <id>)"),
    (MARK, "<Keeper>"),
    (f"{id(Keeper.saved):x}-{id(Sender)}", "<id>-<id>"),
    *((text, text) for text in ("sync-20240101120000", "+4366412345678", "v4294967296", "abc/0x12345678")),
    (20_240_101_120_000, "20240101120000"),
    (f"{PLACE}0", f"{PLACE}0"),
    (f"{PLACE + 1:#x}", f"{PLACE + 1:#x}"),
    ("<Lock at 0x7f00deadbeef>", "<Lock at <id>>"),
]


@pytest.mark.parametrize(("given", "told"), TOLD, ids=map(str, range(len(TOLD))))
def test_a_uid_tells_nothing_of_a_process_or_a_machine(
    given: Any, told: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address is a mark, a file is told from where it is imported; what somebody wrote stays as it is."""
    monkeypatch.syspath_prepend(__file__.rpartition("/")[0])
    assert uid(given, partial(MARK.saved, 1), id(Sender)) == told


def test_what_a_receiver_was_made_around_has_an_address_too() -> None:
    """A function in a method is often connected under the id of the object that made it."""
    keeper = Keeper()

    def saved(**_: object) -> None:
        keeper.saved()

    assert uid(f"keeper-{id(keeper)}", saved, None) == "keeper-<id>"


def test_what_it_is_made_around_may_not_be_there_yet() -> None:
    """A variable without a value has no address."""

    def saved(**_: object) -> None:
        keeper.saved()

    told = uid("keeper", saved, None)
    keeper = Keeper()
    assert told == "keeper"
