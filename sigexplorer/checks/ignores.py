"""``# sigexplorer: ignore[SX003]``: findings that somebody looked at and left."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sigexplorer.checks.facts import File
from sigexplorer.findings import Finding

_COMMENT = re.compile(r"#\s*sigexplorer:\s*ignore(?:\[([^\]]*)\])?", re.IGNORECASE)

UNUSED = "SX090"


@dataclass(slots=True)
class Ignore:
    """One such comment."""

    file: File
    line: int
    column: int  # from 1
    length: int
    codes: frozenset[str]  # empty: every code
    used: set[str] = field(default_factory=set)


def find(file: File) -> Iterator[Ignore]:
    """Return the comments of a file; text that looks like one in a string is none."""
    text = "\n".join(file.lines)
    if not _COMMENT.search(text):
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        found = _COMMENT.search(token.string) if token.type == tokenize.COMMENT else None
        if found:
            codes = frozenset(code.strip().upper() for code in (found[1] or "").split(",") if code.strip())
            line, column = token.start
            yield Ignore(file, line, column + found.start() + 1, len(found[0]), codes)


def apply(findings: Sequence[Finding], ignores: Sequence[Ignore]) -> list[Finding]:
    """Return the findings that no comment covers, and note which comments cover one.

    A comment covers the lines of the statement that was found: its own line, for a call that
    goes over several lines each of them, and for a function its head from the first decorator on.
    """
    by_file: dict[str, list[Ignore]] = {}
    for one in ignores:
        by_file.setdefault(one.file.shown, []).append(one)
    heads = {name: _heads(found[0].file) for name, found in by_file.items()}
    return [
        finding
        for finding in findings
        if not _covered(finding, by_file.get(finding.file, []), heads.get(finding.file, {}))
    ]


def _heads(file: File) -> dict[int, tuple[int, int]]:
    """Return the first and last line of the heads of functions, by those that a finding may begin in."""
    found: dict[int, tuple[int, int]] = {}
    for one in file.functions:
        lines = [one.node.lineno, *(each.lineno for each in one.node.decorator_list)]
        found |= dict.fromkeys(lines, (min(lines), max(one.node.lineno, one.node.body[0].lineno - 1)))
    return found


def _covered(finding: Finding, ignores: Sequence[Ignore], heads: dict[int, tuple[int, int]]) -> bool:
    covered = False
    first, last = heads.get(finding.line, (finding.line, finding.line))
    for one in ignores:
        if first <= one.line <= max(last, finding.end_line) and (not one.codes or finding.code in one.codes):
            one.used.add(finding.code)
            covered = True
    return covered


def unused(ignores: Sequence[Ignore], selected: frozenset[str], known: frozenset[str]) -> Iterator[Finding]:
    """Return a finding for each comment, or code of one, that covers nothing.

    Codes of rules that did not run may be needed when they do, and so may a comment without
    codes; those that are not ``known`` never will be.
    """
    every_ran = known <= selected | {UNUSED}
    for one in ignores:
        idle = (
            sorted((one.codes & selected) - one.used)
            if one.codes
            else []
            if one.used or not every_ran
            else ["any"]
        )
        unknown = sorted(one.codes - known)
        if not idle and not unknown:
            continue
        told = [f"nothing to ignore here: {', '.join(idle)}"] if idle else []
        told += [f"no rule is called '{code}'" for code in unknown]
        yield Finding(
            code=UNUSED, message="; ".join(told),
            file=one.file.shown, line=one.line, column=one.column, receiver=None, signal=None, level="note",
            help="Delete the comment, or the code in it.", end_line=one.line,
            end_column=one.column + one.length, source=one.file.lines[one.line - 1],
        )  # fmt: skip
