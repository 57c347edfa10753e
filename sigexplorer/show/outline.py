"""A trace without what differs from run to run, as lines of text to compare."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from sigexplorer.model import Bypass, Call, Dispatch, Trace
from sigexplorer.show.filters import NOISE
from sigexplorer.show.nesting import depths, in_order
from sigexplorer.show.text import shown


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an outline: a dispatch or a bypass."""

    step: str | None  # the title of its step
    depth: int  # how many other lines it is nested in
    text: str
    queries: int | None = None  # SQL statements of its own; None: an outline that was read does not say


@dataclass(frozen=True, slots=True)
class Outline:
    """A trace without what differs from run to run."""

    title: str
    steps: tuple[tuple[str, str | None], ...]  # titles, and what stopped them
    entries: tuple[Entry, ...]
    counted: dict[tuple[str | None, str], int]  # by step and signal: sent, and not worth a line
    claims: tuple[tuple[str, bool], ...]


_LIMIT = 400  # characters of one value: enough to tell two of them apart
_READ = 10_000  # characters of one value that are looked at

#: Where the files of a machine begin. What else begins with a slash is part of an address or of a text.
_ROOT = (
    r"(?:[A-Za-z]:[\\/]|/(?:bin|builds|dev|etc|github|home|lib|lib64|nix|opt|private|proc|root|run|sbin|snap|srv|"
    r"tmp|usr|var|workspaces?|Applications|Library|System|Users|Volumes)/"
    r"|/(?=(?:[^\s/'\"<>,;:]+/)+[^\s/'\"<>,;:]+\.(?:py|html|txt|mo|po|json|jsonl|sqlite3|db)\b))"
)

#: An absolute path, unless it is that of a request: ``GET /posts/`` is no file.
_PATH = re.compile(
    r"(?P<request>\b[A-Z]+ )?"
    rf"(?<![\w.:/\\>]){_ROOT}(?:[^\s/\\'\"<>,;:]+[\\/])*(?P<last>[^\s/\\'\"<>,;:]+)(?![\w/\\])"
)
_WHOLE_PATH = re.compile(rf"{_ROOT}(?:[^/\\]+[\\/])*(?P<last>[^/\\]+)")

#: Arguments that hold nothing but keys, and one of their members.
_KEYS = re.compile(r"(?:.*_)?(?:pk|id|pk_set)")
_KEY = re.compile(r"[^{},\s][^{},]*")

#: What else differs from run to run although the program does the same.
_VARYING = (
    (re.compile(r"(?<= pk=)(?!None>)[^>]+(?=>)"), "*"),
    (re.compile(r"(?: at |\b)0x[0-9A-Fa-f]{4,}\b"), ""),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "<uuid>"),
)


def outline(trace: Trace, *, everything: bool = False) -> str:
    """Return what happened, each dispatch indented under the one that caused it.

    Two runs that do the same give the same text: times, keys, folders, addresses, line
    numbers, threads and processes are left out. Init signals and ``class_prepared`` are
    counted, step by step, unless they failed or ``everything`` is asked for.
    """
    made = outlined(trace, everything=everything)
    listed: dict[str | None, list[str]] = defaultdict(list)
    for entry in made.entries:
        listed[entry.step].append(f"  {'  ' * entry.depth}{entry.text}")
    for (step, name), times in sorted(made.counted.items(), key=lambda pair: pair[0][1]):
        listed[step].append(f"  {name} ×{times}")  # noqa: RUF001 - the contract's sign
    lines = [f"# {made.title}", *_collapsed(listed[None])]
    for title, error in made.steps:
        lines += ["", f"## {title.partition(_NUMBER)[0]}"]
        lines += [f"  stopped by {error}"] if error else []
        lines += _collapsed(listed[title])
    verdicts = [f"{'held' if held else 'FAILED'} {text}" for text, held in made.claims]
    return "\n".join([*lines, *([""] if verdicts else []), *verdicts]) + "\n"


#: Tells steps of the same title apart; no text that is shown can hold it.
_NUMBER = "\x00"


def outlined(trace: Trace, *, everything: bool = False) -> Outline:
    """Return the outline of ``trace`` as data."""
    names = frozenset() if everything else NOISE
    noise = {one.id for one in trace.dispatches if one.name in names and not one.failed}
    titles = _titles([_steady(step.title) for step in trace.steps])
    by_step = {step.id: title for step, title in zip(trace.steps, titles, strict=True)}
    counted: Counter[tuple[str | None, str]] = Counter()
    entries = []
    ordered = in_order(trace)
    deep = depths(ordered, lambda number: number not in noise)
    own = _own_queries(trace)
    texts: dict[str, str] = {}  # most come again and again
    for record in ordered:
        step = by_step.get(record.step or 0)
        if isinstance(record, Bypass):
            entries.append(Entry(step, deep[record.id], _bypass(record)))
        elif record.id in noise:
            counted[step, record.name] += 1
        else:
            text = _dispatch(record)
            entries.append(Entry(step, deep[record.id], texts.setdefault(text, text), own[record.id]))
    errors = [step.error and _steady(step.error) for step in trace.steps]
    return Outline(
        _steady(trace.run.title),
        tuple(zip(titles, errors, strict=True)),
        tuple(entries),
        dict(counted),
        tuple((_steady(claim.text), claim.held) for claim in trace.claims),
    )


def _own_queries(trace: Trace) -> dict[int, int]:
    """Return by id the SQL statements that no nested dispatch accounts for."""
    own = {dispatch.id: dispatch.queries for dispatch in trace.dispatches}
    for dispatch in trace.dispatches:
        if dispatch.parent in own:
            own[dispatch.parent] -= dispatch.queries
    return {number: max(0, count) for number, count in own.items()}


def _titles(titles: Iterable[str]) -> list[str]:
    """Return the titles, those that come again with a number."""
    seen: Counter[str] = Counter()
    numbered = []
    for title in titles:
        numbered.append(f"{title}{_NUMBER}{seen[title]}" if seen[title] else title)
        seen[title] += 1
    return numbered


def parse(text: str) -> Outline:
    """Return the outline of which ``text`` is the text; ``ValueError``, with the line, if it is none."""
    first, *lines = text.splitlines() or [""]
    if not first.startswith("# "):
        raise ValueError("line 1 is no title of an outline")
    headings: list[str] = []
    errors: dict[int, str] = {}
    entries: list[Entry] = []
    claims = []
    counted: dict[tuple[str | None, str], int] = {}
    numbered = iter(_titles([line[3:] for line in lines if line.startswith("## ")]))
    for number, line in enumerate(lines, 2):
        step = headings[-1] if headings else None
        if line.startswith("## "):
            headings.append(next(numbered))
        elif line.startswith("  stopped by "):
            errors[len(headings) - 1] = line.removeprefix("  stopped by ")
        elif found := _COUNTED.fullmatch(line):
            counted[step, found["name"]] = int(found["times"])
        elif found := _ENTRY.fullmatch(line):
            entry = Entry(step, len(found["indent"]) // 2 - 1, found["text"])
            entries += [entry] * min(int(found["times"] or 1), _MOST_TIMES)
        elif found := _CLAIM.fullmatch(line):
            claims.append((found["text"], found["verdict"] == "held"))
        elif line:
            raise ValueError(f"line {number} is no line of an outline")
    steps = tuple((title, errors.get(place)) for place, title in enumerate(headings))
    return Outline(first[2:], steps, tuple(entries), counted, tuple(claims))


_COUNTED = re.compile(
    r"  (?P<name>" + "|".join(sorted(NOISE)) + r") \N{MULTIPLICATION SIGN}(?P<times>\d{1,9})"
)
_ENTRY = re.compile(r"(?P<indent>(?:  )+)(?P<text>\S.*?)(?: \N{MULTIPLICATION SIGN}(?P<times>\d{1,9}))?")
_CLAIM = re.compile(r"(?P<verdict>held|FAILED) (?P<text>.*)")
_MOST_TIMES = 100_000


def _collapsed(lines: Iterable[str]) -> Iterator[str]:
    """Join consecutive lines that say the same."""
    for line, times in ((line, len(list(alike))) for line, alike in groupby(lines)):
        yield line if times == 1 else f"{line} ×{times}"  # noqa: RUF001 - the contract's sign


def _dispatch(dispatch: Dispatch) -> str:
    words = [_steady(dispatch.name), _steady(dispatch.sender)]
    words += [f"{_steady(name)}={_argument(name, held)}" for name, held in dispatch.arguments]
    words += [f"by {dispatch.method}()"] * (dispatch.method != "send")
    words += ["rolled back"] * dispatch.rolled_back
    told = [_call(call) for call in dispatch.calls]
    if dispatch.error is not None and dispatch.error not in {call.error for call in dispatch.calls}:
        told.append(f"raised {_steady(dispatch.error)}")
    return " ".join(words) + (f" -> {'; '.join(told)}" if told else "")


def _argument(name: str, held: object) -> str:
    return _KEY.sub("*", shown(held)) if held is not None and _KEYS.fullmatch(name) else _steady(held)


def _call(call: Call) -> str:
    return f"{_steady(call.receiver)} {call.outcome}" + (f" {_steady(call.error)}" if call.error else "")


def _bypass(bypass: Bypass) -> str:
    rows = "unknown" if bypass.rows is None else bypass.rows
    told = f" -> {', '.join(map(_steady, bypass.would_call))}" if bypass.would_call else ""
    return f"no signal: {bypass.operation} {_steady(bypass.model)} {rows}{told}"


def _steady(held: object) -> str:
    """Return a recorded scalar on one line, without what differs from run to run."""
    if isinstance(held, str):
        held = held[:_READ]
        path = _WHOLE_PATH.fullmatch(held)
        held = path["last"] if path else _PATH.sub(lambda path: path[0 if path["request"] else "last"], held)
        for pattern, instead in _VARYING:
            held = pattern.sub(instead, held)
    return shown(held, _LIMIT)
