"""Findings for machines: GitHub's annotations, SARIF, lines for editors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from sigexplorer.findings import Finding, Level, Report, RulePage
from sigexplorer.show.text import safe

_GITHUB: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LINE = 2_000


def lines(report: Report) -> str:
    """Return a line for each finding, as editors and compilers write them."""
    return "".join(
        f"{safe(one.file, _LINE)}:{one.line}:{one.column}: {one.code} {one.level}:"
        f" {safe(one.message, _LINE)}\n"
        for one in report.findings
    )


def github(report: Report) -> str:
    """Return workflow commands that annotate the lines of a pull request."""
    return "".join(
        f"::{_GITHUB[one.level]} file={_property(one.file)},line={one.line},endLine={one.end_line},"
        f"col={one.column},endColumn={one.end_column},title={_property(one.code)}::{_data(one.message)}\n"
        for one in report.findings
    )


def _data(text: str) -> str:
    return safe(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"), _LINE)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(report: Report, rules: Sequence[RulePage], version: str) -> str:
    """Return the report as SARIF 2.1.0."""
    used = {one.code for one in report.findings}
    pages = [page for page in rules if page.code in used]
    places = {page.code: place for place, page in enumerate(pages)}
    run = {
        "tool": {
            "driver": {
                "name": "sigexplorer",
                "semanticVersion": version,
                "version": version,
                "rules": [_rule(page) for page in pages],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {
                        "level": "warning",
                        "message": {"text": f"not checked: {_text(one.reason)}"},
                        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(one.file)}}}],
                    }
                    for one in report.unread
                ],
            }
        ],
        "results": [_result(one, places[one.code]) for one in report.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(page: RulePage) -> dict[str, Any]:
    examples = f"Wrong:\n\n```python\n{page.wrong}\n```\n\nRight:\n\n```python\n{page.right}\n```"
    return {
        "id": page.code,
        "name": page.name,
        "shortDescription": {"text": page.summary},
        "fullDescription": {"text": page.text},
        "help": {"text": f"{page.text}\n\n{page.wrong}", "markdown": f"{page.text}\n\n{examples}"},
        "defaultConfiguration": {"level": page.level},
    }


def _result(one: Finding, place: int) -> dict[str, Any]:
    mark = hashlib.sha256(f"{one.code}\n{one.receiver}\n{one.source.strip()}".encode("utf-8", "replace"))
    region = {"startLine": one.line, "startColumn": one.column}
    if (one.end_line, one.end_column) > (one.line, one.column):
        region |= {"endLine": one.end_line, "endColumn": one.end_column}
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(one.file)}, "region": region}
    }
    if one.receiver:
        location["logicalLocations"] = [{"fullyQualifiedName": one.receiver, "kind": "function"}]
    return {
        "ruleId": one.code,
        "ruleIndex": place,
        "level": one.level,
        "message": {"text": f"{_text(one.message)}. {_text(one.help)}"},
        "locations": [location],
        "partialFingerprints": {"sigexplorer/v1": mark.hexdigest()[:16]},
    }


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _uri(file: str) -> str:
    path = PurePath(file)
    return "file://" + quote(_bytes(path.as_posix())) if path.is_absolute() else quote(_bytes(file))


def _bytes(file: str) -> bytes:
    """Return a name as the file system has it, also where that is no UTF-8."""
    try:
        return file.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no file is called so
        return file.encode("utf-8", "replace")
