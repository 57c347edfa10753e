"""Check some files: read them, gather their facts, ask every rule."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sigexplorer import garbage
from sigexplorer.checks import files, ignores
from sigexplorer.checks.around import files_around, is_seen, root_of, top_of
from sigexplorer.checks.configuration import Configuration
from sigexplorer.checks.facts import File
from sigexplorer.checks.gather import gather
from sigexplorer.checks.live import Live
from sigexplorer.checks.project import Project
from sigexplorer.checks.rule import examples, finding
from sigexplorer.checks.rules import every_rule
from sigexplorer.errors import NothingCheckedError, UnknownNameError
from sigexplorer.findings import Finding, Report, RulePage, Unread


@dataclass(frozen=True, slots=True)
class Read:
    """The files that were asked for, as facts, and those that could not be read."""

    files: tuple[File, ...]
    unread: tuple[Unread, ...]
    around: tuple[File, ...] = ()  # the rest of their project: for what is known there
    is_whole: bool = True  # whether that is all of it


def read(paths: Sequence[Path]) -> Read:
    """Read every Python file under ``paths``; an error where not one can be checked.

    Where these may have to do with signals, the rest of their project is read as well: a
    signal, its sends and its receivers often stand in several files.
    """
    found: list[File] = []
    unread: list[Unread] = []
    seen: set[str] = set()
    roots = {path: (root := root_of(path), top_of(path, root)) for path in paths}
    with garbage.waiting(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes are another linter's business
        for path, real, named in files.find(paths):
            seen.add(real)
            source = files.read(path, *roots[named])
            if isinstance(source, Unread):
                unread.append(source)
            else:
                found.append(gather(source))
        around = _around(paths, seen) if any(file.is_deep for file in found) else []
    if not found:
        asked = ", ".join(f"'{path}'" for path in paths[:3])
        raise NothingCheckedError(asked, [f"{one.file}: {one.reason}" for one in unread])
    return Read(tuple(found), tuple(unread), tuple(around or ()), around is not None)


def _around(paths: Sequence[Path], seen: set[str]) -> list[File] | None:
    """Return the other files of the project; None where not all of it can be seen."""
    others = files_around(paths, seen)
    if others is None or not all(is_seen(path) for path in paths):
        return None
    read_files = (files.read(path, root) for path, root in others)
    return [gather(source) for source in read_files if not isinstance(source, Unread)]


def check(source: Read, configuration: Configuration, live: Live | None = None) -> Report:
    """Return what the rules find, in the order of files and lines; ``# sigexplorer: ignore`` obeyed."""
    project = Project((*source.files, *source.around), live, is_whole=source.is_whole)
    named = set(map(id, source.files))
    rules = [one for one in every_rule() if configuration.selects(one.code)]
    with garbage.waiting():
        found: dict[Finding, Path] = {}
        for one in rules:
            advice = one.advice
            found |= {
                finding(hit, one, advice): hit.file.path for hit in one.find(project) if id(hit.file) in named
            }
    comments = [comment for file in source.files for comment in ignores.find(file)]
    kept = ignores.apply(list(found), comments)
    if configuration.selects(ignores.UNUSED):
        selected = frozenset(one.code for one in rules)
        unused = {one: Path(one.file) for one in ignores.unused(comments, selected, frozenset(codes()))}
        found |= unused
        kept += unused
    kept = [one for one in kept if not configuration.leaves_out(one.code, found[one])]
    return Report(tuple(sorted(kept, key=_order)), source.unread, len(source.files))


def _order(one: Finding) -> tuple[str, int, int, str, str]:
    return one.file, one.line, one.column, one.code, one.message


def codes() -> tuple[str, ...]:
    """Return the code of every rule."""
    return (*(one.code for one in every_rule()), ignores.UNUSED)


def pages() -> tuple[RulePage, ...]:
    """Return the explanation of every rule."""
    return (*(one.page() for one in every_rule()), _unused())


def page(code: str) -> RulePage:
    """Return the explanation of one rule."""
    for one in pages():
        if code.upper() == one.code or code.lower() == one.name:
            return one
    known = codes() if code[:2].upper() == "SX" else [one.name for one in pages()]
    raise UnknownNameError("rule", code, known)


def _unused() -> RulePage:
    """Explain the one finding that no rule makes, but the comments themselves."""
    return RulePage(
        ignores.UNUSED, "unused-ignore", "note", "A comment ignores nothing",
        "Nothing is found in the line of a ``# sigexplorer: ignore`` comment, or not what it names.\n\n"
        "Delete the comment, or the code in it.",
        *examples(ignores.UNUSED), "comments", fixable=False,
    )  # fmt: skip
