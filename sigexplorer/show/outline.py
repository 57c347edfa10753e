"""A trace without what differs from run to run, as lines of text to compare."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby

from sigexplorer.model import Bypass, Call, Dispatch, Trace
from sigexplorer.show.filters import NOISE
from sigexplorer.show.nesting import depths, in_order
from sigexplorer.show.text import shown

_Lines = dict[int | None, list[str]]
_Counts = dict[int | None, Counter[str]]

_LIMIT = 400  # characters of one value: enough to tell two of them apart
_READ = 10_000  # characters of one value that are looked at

#: An absolute path, unless it is that of a request: ``GET /posts/`` is no file.
_PATH = re.compile(
    r"(?P<request>\b[A-Z]+ )?"
    r"(?<![\w.:/\\>])(?:[A-Za-z]:[\\/]|/)(?:[^\s/\\'\"<>,;:]+[\\/])*(?P<last>[^\s/\\'\"<>,;:]+)(?![\w/\\])"
)
_WHOLE_PATH = re.compile(r"(?:[A-Za-z]:[\\/]|/)(?:[^/\\]+[\\/])*(?P<last>[^/\\]+)")

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
    names = frozenset() if everything else NOISE
    noise = {one.id for one in trace.dispatches if one.name in names and not one.failed}
    listed, counted = _by_step(trace, noise)
    lines = [f"# {_steady(trace.run.title)}"]
    for step in (None, *trace.steps):
        number = step.id if step else None
        lines += ["", f"## {_steady(step.title)}"] if step else []
        lines += [f"  stopped by {_steady(step.error)}"] if step and step.error else []
        lines += _collapsed(listed[number])
        lines += [f"  {name} ×{times}" for name, times in sorted(counted[number].items())]  # noqa: RUF001
    verdicts = [f"{'held' if claim.held else 'FAILED'} {_steady(claim.text)}" for claim in trace.claims]
    return "\n".join([*lines, *([""] if verdicts else []), *verdicts]) + "\n"


def _by_step(trace: Trace, noise: set[int]) -> tuple[_Lines, _Counts]:
    """Return by number of the step its lines, and how often which noise was sent in it."""
    listed: _Lines = defaultdict(list)
    counted: _Counts = defaultdict(Counter)
    records = in_order(trace)
    deep = depths(records, lambda number: number not in noise)
    for record in records:
        depth = deep[record.id]
        if isinstance(record, Dispatch) and record.id in noise:
            counted[record.step][record.name] += 1
        else:
            text = _dispatch(record) if isinstance(record, Dispatch) else _bypass(record)
            listed[record.step].append(f"  {'  ' * depth}{text}")
    return listed, counted


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
