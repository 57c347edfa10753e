"""Text made safe to show."""

from __future__ import annotations

import unicodedata

import pytest
from build import ALL_TEXTS
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.show.text import duration, milliseconds, plural, safe, shown, split_path


@given(ALL_TEXTS, st.integers(1, 200))
def test_any_text_is_harmless(text: str, limit: int) -> None:
    """Nothing moves the cursor, hides text or turns it around, and every file can hold the result."""
    result = safe(text, limit)
    assert not [
        one for one in result if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    ]
    assert result.splitlines() in ([result], [])
    result.encode("utf-8")


@given(ALL_TEXTS, st.integers(1, 200))
def test_any_text_is_bounded(text: str, limit: int) -> None:
    """The result is at most as long as the limit, whatever had to be escaped."""
    assert len(safe(text, limit)) <= limit


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"]), max_size=80))
def test_plain_text_is_unchanged(text: str) -> None:
    """A printable text within the limit is shown as it is, brackets and quotes included."""
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("a\nb", r"a\nb"),
        ("a\r\nb", r"a\r\nb"),
        ("nul\x00", r"nul\x00"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\ud800", r"\ud800"),
        ("line\u2028two", r"line\u2028two"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("naïve 漢字", "naïve 漢字"),
        ("", ""),
    ],
)
def test_what_is_dangerous_is_spelled_out(text: str, visible: str) -> None:
    """A dangerous character is shown as Python would write it; all others are left alone."""
    assert safe(text) == visible


def test_ten_megabytes_are_cut() -> None:
    """A huge text shows its beginning and that there is more."""
    result = safe("x" * 10_000_000, 80)
    assert result == "x" * 79 + "…"
    assert len(safe("\x00" * 10_000_000, 80)) < 1_000


@pytest.mark.parametrize(
    ("held", "text"),
    [
        (None, "None"),
        (True, "True"),
        (3, "3"),
        (1.5, "1.5"),
        ("text", "text"),
        ("it's", "it's"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_scalars_are_shown_as_python_writes_them(held: object, text: str) -> None:
    """A recorded scalar is shown as Python writes it, a text without quotes."""
    assert shown(held) == text


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0ns"),
        (1, "1ns"),
        (999, "999ns"),
        (1_000, "1.00us"),
        (12_340, "12.3us"),
        (123_400, "123us"),
        (1_000_000, "1.00ms"),
        (5_130_000, "5.13ms"),
        (1_000_000_000, "1.00s"),
        (75_000_000_000, "75.0s"),
        (3_600_000_000_000, "3,600s"),
    ],
)
def test_duration_has_three_digits_and_a_unit(nanoseconds: int, text: str) -> None:
    """A duration is written with three significant digits, in the unit that suits it."""
    assert duration(nanoseconds) == text


@pytest.mark.parametrize("nanoseconds", [999_600, 9_996, 99_960, 999_600_000])
def test_duration_never_rounds_to_a_fourth_digit(nanoseconds: int) -> None:
    """What rounds up to the next power of ten keeps three digits, or takes the next unit."""
    digits = [character for character in duration(nanoseconds) if character.isdigit()]
    assert len(digits) == 3


@given(st.integers(0, 10**13), st.integers(0, 10**13))
def test_durations_keep_their_order(one: int, other: int) -> None:
    """The longer of two durations is never shown as the shorter."""
    units = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}

    def read(text: str) -> float:
        unit = text.lstrip("0123456789.,")
        return float(text.removesuffix(unit).replace(",", "")) * units[unit]

    if one <= other:
        assert read(duration(one)) <= read(duration(other))


def test_points_in_time_are_milliseconds() -> None:
    """A point in time is in milliseconds with two decimals, so that a column of them lines up."""
    assert [milliseconds(nanoseconds) for nanoseconds in (0, 1_234_567, 10**9)] == ["0.00", "1.23", "1000.00"]


def test_nouns_agree_with_their_number() -> None:
    """One is singular, all others are plural, and thousands are separated."""
    assert [plural(count, "dispatch", "dispatches") for count in (0, 1, 2)] == [
        "0 dispatches",
        "1 dispatch",
        "2 dispatches",
    ]
    assert plural(1_234, "error") == "1,234 errors"


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("shop.signals.paid", ("shop.signals", "paid")),
        ("shop.signals.EVENTS['a.b']", ("shop.signals", "EVENTS['a.b']")),
        ("<Signal shop/signals.py:33>", ("", "<Signal shop/signals.py:33>")),
        ("plain", ("", "plain")),
    ],
)
def test_paths_are_split_at_their_module(path: str, parts: tuple[str, str]) -> None:
    """Dots of a key, or of a file, part nothing."""
    assert split_path(path) == parts
