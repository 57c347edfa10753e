"""Why a receiver does not fire, or fires twice: one question after the other, each with its evidence."""

from __future__ import annotations

from pathlib import Path

from sigexplorer.answers import Diagnosis
from sigexplorer.model import Trace
from sigexplorer.project import calling, holding, matching, reaching, repeating, running
from sigexplorer.project.case import Facts, open_case

#: The questions, in the order in which a receiver passes what they ask about.
_CHECKS = (
    reaching.in_source,
    reaching.imported,
    reaching.ready_ran,
    reaching.connect_called,
    holding.uid_free,
    holding.alive,
    holding.rebound,
    holding.still_connected,
    calling.callable_as_receiver,
    matching.can_match,
    running.sent,
    running.not_bypassed,
    running.not_stopped,
    repeating.once,
)


def diagnose(question: str, folder: Path, trace: Trace | None = None) -> Diagnosis:
    """Ask every question about the receiver called ``question``; the project must be started.

    ``trace`` is a run to look at. Nothing is imported, sent or called.
    """
    case = open_case(question, Facts(folder), trace)
    return Diagnosis(case.told, case.signals, tuple(check(case) for check in _CHECKS))
