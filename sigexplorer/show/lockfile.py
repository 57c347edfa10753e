"""The lockfile: who listens to what, as text to keep under version control, and what drifted from it.

A block for each signal, sorted by path; in it a line for each receiver, in the order in
which Django calls. Neither line numbers, which every edit changes, nor Django's own
receivers, which each of its releases may change, nor receivers that died, or would with
``DEBUG`` off, are in it. Files are relative to where they are imported from.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from sigexplorer.answers import Drift
from sigexplorer.errors import UsageError
from sigexplorer.model import ListedReceiver
from sigexplorer.show.document import Block, Document, Grid, Heading
from sigexplorer.show.registrations import EVERY
from sigexplorer.show.text import plural

#: The format of the file. /1: the first.
FORMAT = "# sigexplorer.lock/1"

_HEAD = f"""{FORMAT}
# Who listens to what, in the order in which Django calls. Written by: sigexplorer lock
"""

#: A text that stands for itself; any other is written as JSON writes it.
_PLAIN = re.compile(r"[^\s\"=#\[\]\\][^\s\"=\\]*")
_PART = re.compile(r"(?:(?P<key>[a-z_]+)=)?(?P<value>\"(?:[^\"\\]|\\.)*\"|[^\s\"]+)(?:\s+|$)")


#: The line number in the name of a signal that nothing holds but the function that made it.
_LINE_OF = re.compile(r"(?<=\.py):\d+(?=[ >])")


@dataclass(frozen=True, slots=True)
class Locked:
    """One line of the file."""

    signal: str
    receiver: str
    sender: str | None = None  # None: every sender
    uid: str | None = None
    connected: str | None = None  # the file that connects it
    how: frozenset[str] = frozenset()  # strong, async


def locked(found: Iterable[ListedReceiver]) -> list[Locked]:
    """Return what goes into the file: the project's and its packages' living receivers."""
    kept = [
        Locked(
            _LINE_OF.sub("", one.signal),
            one.receiver,
            one.sender_written,
            one.dispatch_uid,
            one.connected_at.file if one.connected_at else None,
            frozenset(name for name, so in (("strong", not one.weak), ("async", one.is_async)) if so),
        )
        for one in found
        if one.alive and not one.stock and not one.by_debug
    ]
    return sorted(kept, key=lambda one: one.signal)  # keeps the order of calls


def write(lines: Sequence[Locked]) -> str:
    """Return the text of the file."""
    parts = [_HEAD]
    signal = None
    for line in lines:
        if line.signal != signal:
            signal = line.signal
            parts.append(f"\n[{json.dumps(signal) if _is_odd(signal) else signal}]\n")
        parts.append(f"{_line(line)}\n")
    return "".join(parts)


def _is_odd(signal: str) -> bool:
    return not signal.isprintable() or signal.startswith('"')


def _line(line: Locked) -> str:
    pairs = (("sender", line.sender), ("uid", line.uid), ("connected", line.connected))
    words = [
        _quoted(line.receiver),
        *(f"{key}={_quoted(value)}" for key, value in pairs if value is not None),
    ]
    return " ".join([*words, *sorted(line.how)])


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text.isprintable() else json.dumps(text)


def read(file: Path) -> list[Locked]:
    """Return the lines of a lockfile; raises where it is missing or is none."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is no text"
        raise UsageError(f"cannot read '{file}': {reason}", "write it with: sigexplorer lock") from problem
    lines = text.splitlines()
    if not lines or lines[0].strip() != FORMAT:
        raise UsageError(f"'{file}' is no lockfile of this version", f"its first line is not '{FORMAT}'")
    return list(_parsed(lines, file))


def _parsed(lines: list[str], file: Path) -> Iterator[Locked]:
    signal: str | None = None
    for number, text in enumerate(lines, 1):
        line = text.strip()
        if not line or line.startswith("#"):
            continue
        try:
            if line.startswith("[") and line.endswith("]"):
                signal = _unquoted(line[1:-1])
                continue
            found = _locked(line, signal)
        except ValueError as problem:
            what = f"'{file}' cannot be read at line {number}"
            raise UsageError(what, "write it anew with: sigexplorer lock") from problem
        yield found


def _locked(line: str, signal: str | None) -> Locked:
    found = list(_PART.finditer(line))
    if signal is None or not found or "".join(part.group() for part in found) != line:
        raise ValueError(line)
    receiver, *others = [(part["key"], _unquoted(part["value"])) for part in found]
    named = {key: value for key, value in others if key is not None}
    how = frozenset(value for key, value in others if key is None)
    if (
        receiver[0] is not None
        or not set(named) <= {"sender", "uid", "connected"}
        or not how <= {"strong", "async"}
    ):
        raise ValueError(line)
    return Locked(signal, receiver[1], how=how, **named)


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    value = json.loads(text)
    if not isinstance(value, str):
        raise ValueError(text)  # noqa: TRY004 - what a line cannot be is one kind of error
    return value


def compare(before: Sequence[Locked], now: Sequence[Locked]) -> list[Drift]:
    """Return what was added, dropped, moved, reordered or changed since ``before`` was written."""
    old, new = _by_signal(before), _by_signal(now)
    drifts: list[Drift] = []
    for signal in sorted(old | new):
        drifts += _drifts(old.get(signal, []), new.get(signal, []))
    return drifts


def _by_signal(lines: Sequence[Locked]) -> dict[str, list[Locked]]:
    blocks: dict[str, list[Locked]] = defaultdict(list)
    for line in lines:
        blocks[line.signal].append(line)
    return dict(blocks)


def _drifts(old: list[Locked], new: list[Locked]) -> Iterator[Drift]:
    gone, come = _without(old, new), _without(new, old)
    stayed = [(one, one) for one in _without(old, gone)]
    for alike, change in _LIKENESSES:
        alikes = _pairs(gone, come, alike)
        gone, come = _without(gone, [one for one, _ in alikes]), _without(come, [one for _, one in alikes])
        stayed += alikes
        for one, other in alikes:
            yield Drift(change, other.signal, other.receiver, other.sender, _difference(one, other))
    yield from (Drift("dropped", one.signal, one.receiver, one.sender, _line(one)) for one in gone)
    yield from (Drift("added", one.signal, one.receiver, one.sender, _line(one)) for one in come)
    yield from _reordered(old, new, stayed)


def _without(lines: Sequence[Locked], others: Sequence[Locked]) -> list[Locked]:
    """Return ``lines`` less each of ``others`` once."""
    less = Counter(others)
    kept = []
    for one in lines:
        if less[one]:
            less[one] -= 1
        else:
            kept.append(one)
    return kept


def _pairs(
    gone: Sequence[Locked], come: Sequence[Locked], alike: Callable[[Locked], object]
) -> list[tuple[Locked, Locked]]:
    """Return each line that is gone with the first one that came and is like it, none of them twice."""
    waiting: dict[object, deque[Locked]] = defaultdict(deque)
    for one in come:
        waiting[alike(one)].append(one)
    return [(one, others.popleft()) for one in gone if (others := waiting.get(alike(one)))]


def _moved(one: Locked) -> object:
    return replace(one, receiver=one.receiver.rpartition(".")[2], connected=None)


def _changed(one: Locked) -> object:
    return (one.receiver, one.sender)


#: What two lines of one receiver have in common, and what happened to it between them.
_LIKENESSES: tuple[tuple[Any, Any], ...] = ((_moved, "moved"), (_changed, "changed"))


def _difference(one: Locked, other: Locked) -> str:
    pairs: list[tuple[str, str | None, str | None]] = [
        ("", one.receiver, other.receiver),
        ("connected in ", one.connected, other.connected),
        ("dispatch_uid ", one.uid, other.uid),
    ]
    pairs += [("", _either(one, *names), _either(other, *names)) for names in _WAYS]
    return "; ".join(
        f"{what}{was or 'nothing'} -> {now or 'nothing'}" for what, was, now in pairs if was != now
    )


#: What a receiver is connected as, and what it is where the file does not say so.
_WAYS = (("strong", "weak"), ("async", "sync"))


def _either(one: Locked, said: str, otherwise: str) -> str:
    return said if said in one.how else otherwise


def _reordered(old: list[Locked], new: list[Locked], stayed: list[tuple[Locked, Locked]]) -> Iterator[Drift]:
    """Yield those that stand elsewhere among the receivers that are in both."""
    names = dict(stayed)
    before = [names[one] for one in old if one in names]
    there = set(names.values())
    after = [one for one in new if one in there]
    if before == after:  # mostly
        return
    first = {one: place for place, one in reversed(list(enumerate(before, 1)))}
    now = {one: place for place, one in reversed(list(enumerate(after, 1)))}
    for tag, _, _, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag in ("insert", "replace"):
            for one in after[start:end]:
                detail = f"now called {now[one]} of {len(after)}, was {first[one]}"
                yield Drift("reordered", one.signal, one.receiver, one.sender, detail)


def table(drifts: Sequence[Drift], file: Path) -> Document:
    """Return what drifted as a document."""
    if not drifts:
        return (Heading(f"{file} is as it should be", level=1),)
    rows = tuple(
        (
            one.change,
            one.signal,
            one.receiver,
            one.sender or EVERY,
            one.detail if one.change not in ("added", "dropped") else "",
        )
        for one in drifts
    )
    blocks: list[Block] = [
        Heading(f"{plural(len(drifts), 'difference')} from {file}", level=1),
        Grid(("change", "signal", "receiver", "sender", "how"), rows),
    ]
    return tuple(blocks)
