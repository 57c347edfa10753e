"""What ``explain``, ``why``, ``lock`` and comparisons answer: strings, numbers and tuples, no live object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sigexplorer.model import ListedReceiver, Origin, Trace

What = Literal["init", "save", "m2m", "delete"]
Happening = Literal["sent", "silent", "stopped"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that would happen: a signal with its receivers, or a change that sends none."""

    kind: Happening  # stopped: the operation ends here if there are rows
    signal: str | None  # dotted path; None where nothing is sent
    name: str  # short name of the signal, or what is done instead
    sender: str  # the model it is about
    when: str  # in words: for which rows, by which relation, why without a signal
    receivers: tuple[ListedReceiver, ...] = ()  # in call order


@dataclass(frozen=True, slots=True)
class Explained:
    """All that one operation on a model would cause, in order."""

    model: str  # app_label.Model
    operation: What
    events: tuple[Event, ...]
    notes: tuple[str, ...] = ()  # what the reader must know to believe it


State = Literal["ok", "failed", "noted", "skipped"]


@dataclass(frozen=True, slots=True)
class Check:
    """One question about a receiver, and its answer."""

    name: str  # one word
    question: str
    state: State  # noted: not so, or in part, which is not the reason; skipped: could not be asked
    evidence: tuple[str, ...] = ()
    places: tuple[Origin, ...] = ()  # where the evidence stands
    fix: str = ""  # what to do, where it failed


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a receiver does not fire, or fires twice, or that all is well."""

    receiver: str
    signals: tuple[str, ...]  # dotted paths of what it is, or was to be, connected to
    checks: tuple[Check, ...]
    ended: int = 0  # the exit code of the command that was run to look at

    @property
    def failure(self) -> Check | None:
        """The check that explains it: the first that failed."""
        return next((check for check in self.checks if check.state == "failed"), None)

    @property
    def verdict(self) -> str:
        """Say in one sentence what is wrong, or that nothing is."""
        return f"{self._verdict}; the command ended with {self.ended}" if self.ended else self._verdict

    @property
    def _verdict(self) -> str:
        if self.failure is not None:
            return self.failure.evidence[0]
        ran = any(check.name == "sent" and check.state == "ok" for check in self.checks)
        lost = [check.evidence[0] for check in self.checks if check.name == "alive" and check.evidence]
        but = f", but one connection of it is dead: {lost[0]}" if lost else ""
        often = [check.evidence[0] for check in self.checks if check.name == "once" and check.evidence]
        more = f", more than once for one send: {often[0]}" if often else ""
        return f"it is connected, and {'fires' if ran else 'would fire'}{more}{but}"


Change = Literal["added", "dropped", "moved", "reordered", "changed"]


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference between a lockfile and the project."""

    change: Change
    signal: str
    receiver: str
    sender: str | None  # None: every sender
    detail: str  # in words


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement of a run, its values left out."""

    step: int | None
    start_ns: int  # since the run began
    sql: str


@dataclass(frozen=True, slots=True)
class Observed:
    """A run, and the SQL of it."""

    trace: Trace
    statements: tuple[Statement, ...]  # in order


@dataclass(frozen=True, slots=True)
class BothWays:
    """The same story twice: only watching, and listening."""

    watching: Observed
    listening: Observed


Deed = Literal["signal", "bypass", "sql"]


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that a step did, told without what differs from run to run."""

    kind: Deed
    name: str  # of the signal; the operation of a bypass; the SQL
    sender: str | None = None  # of the signal, or the model that was bypassed


@dataclass(frozen=True, slots=True)
class Row:
    """What both runs did at the same place, or one of them only."""

    watching: Happened | None
    listening: Happened | None
