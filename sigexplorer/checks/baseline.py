"""A baseline: the findings that an old project starts with, and is not told of again."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sigexplorer.errors import UsageError
from sigexplorer.findings import Finding

SCHEMA = "sigexplorer.baseline/1"


def _key(finding: Finding, folder: Path) -> tuple[str, str, str]:
    """Return what a finding is known by when the lines around it move."""
    message = re.sub(r"\b\d+\b", "#", finding.message)  # such as the line of a second definition
    text = f"{finding.receiver}\n{message}\n{finding.source.strip()}"
    file = Path(os.path.relpath(finding.file, folder)).as_posix()  # from any folder the same
    return file, finding.code, hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def write(findings: Sequence[Finding], folder: Path) -> str:
    """Return the text of a baseline that will lie in ``folder`` with these findings."""
    counted = Counter(_key(finding, folder) for finding in findings)
    entries = [
        {"file": file, "code": code, "fingerprint": mark, "count": count}
        for (file, code, mark), count in sorted(counted.items())
    ]
    return json.dumps({"schema": SCHEMA, "findings": entries}, indent=1) + "\n"


def read(file: Path) -> Counter[tuple[str, str, str]]:
    """Return what a baseline holds; a file that is none is a ``UsageError``."""
    try:
        document: Any = json.loads(file.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise UsageError(
                f"'{file}' is no baseline of this version", "write it anew with --write-baseline"
            )
        return Counter(
            {
                (one["file"], one["code"], one["fingerprint"]): int(one["count"])
                for one in document["findings"]
            }
        )
    except OSError as problem:
        hint = "write it first with --write-baseline"
        raise UsageError(f"cannot read the baseline '{file}': {problem.strerror}", hint) from problem
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise UsageError(f"'{file}' is no baseline", "write it anew with --write-baseline") from problem


def subtract(
    findings: Sequence[Finding], known: Counter[tuple[str, str, str]], folder: Path
) -> list[Finding]:
    """Return the findings that the baseline does not have."""
    left = known.copy()
    kept = []
    for finding in findings:
        key = _key(finding, folder)
        if left[key] > 0:
            left[key] -= 1
        else:
            kept.append(finding)
    return kept
