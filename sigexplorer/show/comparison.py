"""What changed between two outlines."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import Literal

from sigexplorer import catalog
from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.show.filters import Filters, Sieve
from sigexplorer.show.outline import Entry, Outline
from sigexplorer.show.recording.unended import number_of

Kind = Literal[
    "new", "gone", "moved", "receivers", "arguments", "transaction", "SQL", "step", "claim", "count"
]

_LARGEST = 4_000_000  # pairs of lines that are held against each other
_OBJECT = r"<(?:[^<>]|<[^<>]*>)*>"  # its blanks are no end of an argument
_ARGUMENT = re.compile(
    rf"(?:^| )(?P<told>(?P<name>\w+)=(?:{_OBJECT}|.)*?|by \w+\(\))(?= \w+=| by \w+\(\)$|$)", re.DOTALL
)
_SENDER = re.compile(r"(.*?)(?: (\w+=.*|by \w+\(\)))?", re.DOTALL)  # which may be any text
_BYPASS = "no signal: "
_ROLLED_BACK = " rolled back"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was."""

    kind: Kind
    trace: str
    step: str | None
    signal: str  # short name, or what else it is about
    sender: str | None
    before: str | None
    after: str | None
    times: int = 1


@dataclass(frozen=True, slots=True)
class _Line:
    """An entry, taken apart."""

    depth: int
    signal: str
    sender: str
    arguments: str
    receivers: str
    queries: int | None
    rolled_back: bool = False

    @property
    def key(self) -> tuple[int, str, str]:
        """Return what makes two lines the same one, however it changed."""
        return (self.depth, self.signal, self.sender)

    @property
    def told(self) -> str:
        """Return everything about it but where it stands."""
        arguments = f"{self.arguments}{_ROLLED_BACK}".lstrip() if self.rolled_back else self.arguments
        return f"{arguments} -> {self.receivers}".strip() if self.receivers else arguments


def compare(before: Outline, after: Outline) -> list[Difference]:
    """Return what changed from ``before`` to ``after``, in the order of the steps."""
    before, after = _named_as(before, after), _named_as(after, before)
    found: list[Difference] = []
    first, second = _by_step(before), _by_step(after)
    titles = list(dict.fromkeys([None, *(title for title, _ in (*before.steps, *after.steps))]))
    errors: list[dict[str | None, str | None]] = [dict(before.steps), dict(after.steps)]
    for title in titles:
        place = (after.title, _shown(title))
        for mine, other, kind in ((errors[0], errors[1], "gone"), (errors[1], errors[0], "new")):
            if title in mine and title not in other:
                found.append(Difference("step", *place, f"step {kind}", None, None, None))
        stopped = (errors[0].get(title), errors[1].get(title))
        if stopped[0] != stopped[1]:
            found.append(Difference("step", *place, "stopped by", None, *stopped))
        found += _joined(_changes(place, first[title], second[title]))
        found += _counts(title, before, after)
    found += _claims(before, after)
    return found


def _named_as(outline: Outline, other: Outline) -> Outline:
    """Give the step in which a run was cut off, whose title nobody knows, the title that another knows."""
    own = {title for title, _ in outline.steps}
    titles: dict[str | None, str] = {}
    for title in own:
        number = number_of(title)
        if number is not None and 0 < number <= len(other.steps) and other.steps[number - 1][0] not in own:
            titles[title] = other.steps[number - 1][0]
    if not titles:
        return outline
    return replace(
        outline,
        steps=tuple((titles.get(title, title), error) for title, error in outline.steps),
        entries=tuple(replace(entry, step=titles.get(entry.step, entry.step)) for entry in outline.entries),
        counted={(titles.get(step, step), name): n for (step, name), n in outline.counted.items()},
    )


def _by_step(outline: Outline) -> dict[str | None, list[_Line]]:
    lines: dict[str | None, list[_Line]] = defaultdict(list)
    for entry in outline.entries:
        lines[entry.step].append(_taken_apart(entry))
    return lines


def _taken_apart(entry: Entry) -> _Line:
    text, _, receivers = entry.text.partition(" -> ")
    if text.startswith(_BYPASS):
        operation, _, rest = text.removeprefix(_BYPASS).partition(" ")
        model, _, rows = rest.rpartition(" ")
        return _Line(entry.depth, f"{_BYPASS}{operation}", model, f"rows={rows}", receivers, entry.queries)
    name, _, rest = text.partition(" ")
    rest, rolled_back = rest.removesuffix(_ROLLED_BACK), rest.endswith(_ROLLED_BACK)
    found = _SENDER.fullmatch(rest)
    sender, arguments = found.groups("") if found else (rest, "")
    return _Line(entry.depth, name, sender, arguments, receivers, entry.queries, rolled_back)


def _changes(place: tuple[str, str | None], before: list[_Line], after: list[_Line]) -> Iterator[Difference]:
    gone: list[_Line] = []
    new: list[_Line] = []
    for mine, other in _aligned(before, after):
        if mine is not None and other is not None:
            yield from _details(place, mine, other)
        elif mine is not None:
            gone.append(mine)
        elif other is not None:
            new.append(other)
    waiting: dict[tuple[int, str, str], list[_Line]] = defaultdict(list)
    for line in gone:
        waiting[line.key].append(line)
    for line in new:
        if waiting[line.key]:
            moved = waiting[line.key].pop(0)
            yield Difference("moved", *place, line.signal, line.sender, moved.told, line.told)
            yield from _details(place, moved, line)
        else:
            yield Difference("new", *place, line.signal, line.sender, None, line.told)
    for lines in waiting.values():
        for line in lines:
            yield Difference("gone", *place, line.signal, line.sender, line.told, None)


def _aligned(before: list[_Line], after: list[_Line]) -> Iterator[tuple[_Line | None, _Line | None]]:
    """Yield what stands in the same place in both, and what stands in one only."""
    start = 0
    while start < min(len(before), len(after)) and before[start].key == after[start].key:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end].key == after[-1 - end].key:
        end += 1
    yield from zip(before[:start], after[:start], strict=True)
    mine, other = before[start : len(before) - end], after[start : len(after) - end]
    yield from _matched(mine, other)
    if end:
        yield from zip(before[-end:], after[-end:], strict=True)


def _matched(mine: list[_Line], other: list[_Line]) -> Iterator[tuple[_Line | None, _Line | None]]:
    if len(mine) * len(other) > _LARGEST:  # in their order of each kind: what moved is not looked for
        waiting: dict[tuple[int, str, str], list[_Line]] = defaultdict(list)
        for line in reversed(mine):
            waiting[line.key].append(line)
        for line in other:
            yield (waiting[line.key].pop() if waiting[line.key] else None, line)
        yield from ((line, None) for lines in waiting.values() for line in lines)
        return
    matcher = SequenceMatcher(None, [line.key for line in mine], [line.key for line in other], autojunk=False)
    for kind, first, last, from_, to in matcher.get_opcodes():
        if kind == "equal":
            yield from zip(mine[first:last], other[from_:to], strict=True)
        else:
            yield from ((line, None) for line in mine[first:last])
            yield from ((None, line) for line in other[from_:to])


def _details(place: tuple[str, str | None], before: _Line, after: _Line) -> Iterator[Difference]:
    head = (*place, after.signal, after.sender)
    if before.receivers != after.receivers:
        yield Difference("receivers", *head, before.receivers or "nobody", after.receivers or "nobody")
    if before.arguments != after.arguments:
        yield Difference("arguments", *head, *_told_apart(before.arguments, after.arguments))
    if before.rolled_back != after.rolled_back:
        words = ("kept", "rolled back")
        yield Difference("transaction", *head, words[before.rolled_back], words[after.rolled_back])
    if before.queries != after.queries and None not in (before.queries, after.queries):
        yield Difference("SQL", *head, str(before.queries), str(after.queries))


def _told_apart(before: str, after: str) -> tuple[str, str]:
    """Return of two texts of arguments those that differ."""
    first, second = _arguments(before), _arguments(after)
    names = dict.fromkeys(name for name in (*first, *second) if first.get(name) != second.get(name))
    return (
        " ".join(first[name] for name in names if name in first) or before,
        " ".join(second[name] for name in names if name in second) or after,
    )


def _arguments(text: str) -> dict[str | None, str]:
    """Return by name what is told of each; by None, how it was sent."""
    told = {found["name"]: found["told"] for found in _ARGUMENT.finditer(text)}
    return {None: "by send()", **told}


def _joined(differences: Iterable[Difference]) -> list[Difference]:
    """Say once what is the same change many times."""
    counted = Counter(differences)
    return [replace(difference, times=times) for difference, times in counted.items()]


def _counts(step: str | None, before: Outline, after: Outline) -> Iterator[Difference]:
    for place, name in dict.fromkeys([*before.counted, *after.counted]):
        first, second = before.counted.get((step, name), 0), after.counted.get((step, name), 0)
        if place == step and first != second:
            yield Difference("count", after.title, _shown(step), name, None, str(first), str(second))


def _claims(before: Outline, after: Outline) -> Iterator[Difference]:
    first, second = dict(before.claims), dict(after.claims)
    words = {True: "held", False: "FAILED", None: None}
    for text in dict.fromkeys([*first, *second]):
        if first.get(text) != second.get(text):
            told = (words[first.get(text)], words[second.get(text)])
            yield Difference("claim", after.title, None, text, None, *told)


def _shown(title: str | None) -> str | None:
    return None if title is None else title.partition("\x00")[0]


def narrowed(outline: Outline, filters: Filters) -> Outline:
    """Return the lines of an outline that was read which the filters let through."""
    unknown = (filters.failed, filters.min_ns, filters.first, filters.from_ns)
    if any(unknown):
        raise UsageError("an outline has no times and no numbers", "filter it with -e, -S, -R or --depth")
    sieve = Sieve(Filters(signals=filters.signals))
    kept = tuple(entry for entry in outline.entries if _meant(_taken_apart(entry), entry, filters, sieve))
    counted = {
        (step, name): times
        for (step, name), times in outline.counted.items()
        if sieve.named(name, name, _group(name), None)
        and filters.sender is None
        and filters.receiver is None
        and (filters.step is None or fnmatchcase(_shown(step) or "", filters.step))
    }
    return replace(outline, entries=kept, counted=counted)


def _meant(line: _Line, entry: Entry, filters: Filters, sieve: Sieve) -> bool:
    is_bypass = line.signal.startswith(_BYPASS)
    named = (
        not filters.wanted if is_bypass else sieve.named(line.signal, line.signal, _group(line.signal), None)
    )
    receivers = [told.rpartition(" ")[0] for told in line.receivers.split("; ")]
    return (
        named
        and (filters.sender is None or fnmatchcase(line.sender, filters.sender))
        and (filters.receiver is None or any(fnmatchcase(name, filters.receiver) for name in receivers))
        and (filters.depth is None or entry.depth < filters.depth)
        and (filters.step is None or fnmatchcase(_shown(entry.step) or "", filters.step))
    )


def _group(name: str) -> str:
    try:
        return catalog.find(name).group
    except UnknownNameError:
        return "custom"


def pairs(
    before: Sequence[Outline], after: Sequence[Outline]
) -> Iterator[tuple[Outline | None, Outline | None]]:
    """Yield the outlines of two files that belong together: the only ones, or those of the same title."""
    if len(before) == len(after) == 1:
        yield before[0], after[0]
        return
    waiting: dict[str, list[Outline]] = defaultdict(list)
    for outline in after:
        waiting[outline.title].append(outline)
    for outline in before:
        yield outline, (waiting[outline.title].pop(0) if waiting[outline.title] else None)
    for left in waiting.values():
        for outline in left:
            yield None, outline
