"""``--fix``: put right what is certain, with libcst, so that everything else stays as it is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from sigexplorer.errors import UsageError
from sigexplorer.findings import Finding


def fix(findings: Sequence[Finding]) -> dict[Path, bytes]:
    """Return the new contents of the files in which something can be put right.

    A ``UsageError`` without libcst. A file that libcst cannot parse, or that would no longer
    be Python, is left alone.
    """
    try:
        from sigexplorer.checks import transforming
    except ImportError as problem:
        hint = "install it: python -m pip install 'sigexplorer[fix]'"
        raise UsageError("--fix needs libcst, which is not installed", hint) from problem
    by_file: dict[Path, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.fixable:
            by_file[Path(finding.file)].append(finding)
    fixed: dict[Path, bytes] = {}
    for file, mistakes in by_file.items():
        try:
            before = file.read_bytes()
            after = transforming.transform(before, mistakes)
            compile(after, str(file), "exec", dont_inherit=True)
        except (OSError, ValueError, SyntaxError, RecursionError):
            continue
        if after != before:
            fixed[file] = after
    return fixed


def is_read_only(file: Path) -> bool:
    """Whether its owner took everybody's leave to write a file: replacing it would not ask."""
    return not file.stat().st_mode & 0o222
