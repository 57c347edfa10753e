"""A diagnosis as a document and as a record."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sigexplorer.answers import Check, Diagnosis
from sigexplorer.show.document import Block, Bullets, Document, Grid, Heading, Paragraph
from sigexplorer.show.registrations import at
from sigexplorer.show.text import plural

_WORDS = {"ok": "yes", "failed": "NO", "noted": "no, not the reason", "skipped": "not asked"}

#: Questions whose good answer is no.
_NEGATIVE = frozenset({"dispatch_uid", "bypassed"})
_NEGATED = {"ok": "no", "failed": "YES", "noted": "in part"}  # it was reached as well


def dump(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return a diagnosis as one JSON document."""
    failure = diagnosis.failure
    return {
        "schema": "sigexplorer.why/1",
        "receiver": diagnosis.receiver,
        "signals": list(diagnosis.signals),
        "fires": failure is None,
        "reason": failure.name if failure else None,
        "verdict": diagnosis.verdict,
        "fix": failure.fix if failure else None,
        "checks": [
            {
                **asdict(check),
                "evidence": list(check.evidence),
                "places": [asdict(place) for place in check.places],
            }
            for check in diagnosis.checks
        ],
    }


def document(diagnosis: Diagnosis, *, verbose: bool = False) -> Document:
    """Return a diagnosis: each question with its answer, then the verdict.

    What was not asked is one line unless ``verbose``.
    """
    skipped = [check for check in diagnosis.checks if check.state == "skipped"]
    folded = skipped if len(skipped) > 1 and not verbose else []
    checks = [check for check in diagnosis.checks if check not in folded]
    rows = tuple(_row(check) for check in checks)
    quiet = frozenset(place for place, check in enumerate(checks) if check.state == "skipped")
    if folded:
        quiet |= {len(rows)}
        rows = (*rows, _together(folded))
    failure = diagnosis.failure
    blocks: list[Block] = [
        Heading(diagnosis.receiver, level=1),
        Grid(("question", "answer", "evidence"), rows, dim_rows=quiet),
        Heading("Verdict"),
        Paragraph(f"{_sentence(diagnosis.verdict)}."),
    ]
    if failure is not None:
        if failure.evidence[1:]:
            blocks.append(Bullets(failure.evidence[1:]))
        if failure.fix:
            blocks.append(Paragraph(f"To mend it: {failure.fix}."))
    return tuple(blocks)


#: Words of ours that a verdict may begin with; anything else is somebody's name.
_FIRST_WORDS = frozenset({"it", "its", "nobody", "connected", "disconnected"})


def _sentence(text: str) -> str:
    """Begin with a capital, unless it begins with a name: of a module, a file, a signal."""
    return f"{text[0].upper()}{text[1:]}" if text.partition(" ")[0] in _FIRST_WORDS else text


def _row(check: Check) -> tuple[str, str, str]:
    said = list(check.evidence)
    said += [place for one in check.places if not any((place := at(one)) in text for text in check.evidence)]
    return (check.question, _answer(check), "\n".join(said))


def _together(checks: list[Check]) -> tuple[str, str, str]:
    """Return one row for all questions that were not asked, with every reason once."""
    reasons = dict.fromkeys(text for check in checks for text in check.evidence)
    return f"{plural(len(checks), 'other question')} (-v shows them)", _WORDS["skipped"], "\n".join(reasons)


def _answer(check: Check) -> str:
    if check.name in _NEGATIVE and check.state in _NEGATED:
        return _NEGATED[check.state]
    if check.name == "once" and check.state == "noted":
        return "no, by several"
    return _WORDS[check.state]
