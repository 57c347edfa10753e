"""Text made safe and short enough to show: everything that was recorded is hostile."""

from __future__ import annotations

import unicodedata

#: Characters of one value that a view shows unless told otherwise.
DEFAULT_LIMIT = 80

#: Rows of a view: more than a screen, and less than anybody reads.
ROWS = 200

#: Levels that are indented: what is deeper would be pushed out of sight by blanks.
_DEEPEST = 20

#: Unicode categories that move the cursor, hide text or turn its direction around.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

_UNITS = (("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1))


def safe(text: str, limit: int = DEFAULT_LIMIT) -> str:
    """Return ``text`` on one line, without control characters, at most ``limit`` long."""
    cut = text[: limit + 1]
    if not (cut.isascii() and cut.isprintable()):
        cut = "".join(_escaped(character) if _unsafe(character) else character for character in cut)
    return cut if len(text) <= limit >= len(cut) else f"{cut[: limit - 1]}…"


def _unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def shown(value: object, limit: int = DEFAULT_LIMIT) -> str:
    """Return a recorded scalar as Python would write it, texts without their quotes."""
    return safe(value, limit) if isinstance(value, str) else safe(repr(value), limit)


def duration(nanoseconds: int) -> str:
    """Return a duration with three significant digits and its unit."""
    for unit, size in _UNITS:
        if nanoseconds >= size * _ROUNDED_UP:
            return f"{nanoseconds}ns" if unit == "ns" else f"{_three_digits(nanoseconds / size)}{unit}"
    return "0ns"


#: In place of the duration of a call that nobody saw.
UNTIMED = "time not known"

#: What did not run, or may not have, by its outcome, in words.
NOT_CALLED = {"skipped": "skipped", "muted": "muted", "unknown": "called or not: not known"}


def took(nanoseconds: int | None) -> str:
    """Return the duration of a call."""
    return UNTIMED if nanoseconds is None else duration(nanoseconds)


#: What is shown as a thousand of a unit is one of the next.
_ROUNDED_UP = 0.9995


def _three_digits(amount: float) -> str:
    return f"{amount:#.3g}".rstrip(".") if amount < 999.5 else f"{amount:,.0f}"  # noqa: PLR2004


def tail(name: str, limit: int) -> str:
    """Return the end of a long dotted name, which is what tells it from others."""
    if len(name) <= limit:
        return name
    kept = name[len(name) - limit + 1 :]
    return f"…{kept[kept.find('.') :] if '.' in kept[:-1] else kept}"


def split_path(path: str) -> tuple[str, str]:
    """Return the module and the name of a signal or receiver; one named by its line has no module.

    What stands in a dict is named with its key, in which there may be dots.
    """
    if path.startswith("<"):
        return "", path
    bare, bracket, key = path.partition("[")
    module, _, name = bare.rpartition(".")
    return module, f"{name}{bracket}{key}"


def short_sender(path: str) -> str:
    """Return a sender as it is recognised: a model is app.Model, of a class elsewhere the name is enough."""
    module, _, name = path.rpartition(".")
    return name if "." in module and name[:1].isupper() else path


def milliseconds(nanoseconds: int) -> str:
    """Return a point in time in milliseconds, for a column of them."""
    return f"{nanoseconds / 1_000_000:.2f}"


def indent(depth: int) -> str:
    """Return what stands before a row that is nested so deep: of the very deep ones, how deep it is."""
    return "  " * depth if depth <= _DEEPEST else f"…{depth} deep ".ljust(2 * _DEEPEST)


def plural(count: int, noun: str, many: str = "") -> str:
    """Return ``count`` with its noun, in the right number."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
