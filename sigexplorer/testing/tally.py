"""What a whole test run called, did not call, and nobody heard: added up over tests and processes."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple
from datetime import UTC, datetime

import sigexplorer
from sigexplorer.model import ListedReceiver, Origin, Run, Trace
from sigexplorer.show.coverage import Coverage, Notes, Outcomes, Seen
from sigexplorer.show.recording import records


class Tally:
    """Grows with the names that there are, and not with the tests."""

    def __init__(self) -> None:
        self._notes = Notes()

    def add(self, trace: Trace, *, without: str) -> None:
        """Add what one test sent, in steps whose titles do not begin with ``without``."""
        left_out = {step.id for step in trace.steps if step.title.startswith(without)}
        for record in records(trace):
            if record["type"] in ("dispatch", "bypass") and record["step"] not in left_out:
                self._notes.read(record)
        for one in trace.counted:
            self._count(one.name, one.sender, one.times)

    def connected(self, receivers: list[ListedReceiver]) -> None:
        """Add who is connected at the end, each once for all processes."""
        known = {_identity(one) for one in self._notes.registrations}
        self._notes.registrations += [one for one in receivers if _identity(one) not in known]

    def covers(self, title: str, django: str, python: str) -> Coverage:
        """Return the tables of the run."""
        started = datetime.now(UTC).isoformat()
        run = Run(
            title, listened=False, started_at=started, duration_ns=0, sigexplorer=sigexplorer.__version__,
            django=django, python=python, databases=(),
        )  # fmt: skip
        return self._notes.covers(run)

    def dump(self) -> str:
        """Return all of it as a text, for another process."""
        notes = self._notes
        return json.dumps(
            {
                "seen": [[*key, *astuple(seen)] for key, seen in notes.seen.items()],
                "names": notes.names,
                "outcomes": [[*key, *astuple(outcomes)] for key, outcomes in notes.outcomes.items()],
                "passed_by": [[*key, times] for key, times in notes.passed_by.items()],
                "registrations": [asdict(one) for one in notes.registrations],
                "counted": notes.counted,
            }
        )

    def merge(self, text: str) -> None:
        """Add what another process has dumped."""
        told, notes = json.loads(text), self._notes
        notes.names |= told["names"]
        for signal, sender, *counts in told["seen"]:
            seen = notes.seen.setdefault((signal, sender), Seen())
            notes.seen[signal, sender] = Seen(*map(sum, zip(astuple(seen), counts, strict=True)))
        for receiver, signal, sender, *counts in told["outcomes"]:
            outcomes = notes.outcomes.setdefault((receiver, signal, sender), Outcomes())
            added = map(sum, zip(astuple(outcomes), counts, strict=True))
            notes.outcomes[receiver, signal, sender] = Outcomes(*added)
        for receiver, operation, model, times in told["passed_by"]:
            notes.passed_by[receiver, operation, model] += times
        for name, senders in told["counted"].items():
            for sender, times in senders.items():
                self._count(name, sender, times)
        self.connected([_listed(one) for one in told["registrations"]])

    def _count(self, name: str, sender: str, times: int) -> None:
        senders = self._notes.counted.setdefault(name, {})
        senders[sender] = senders.get(sender, 0) + times


def _identity(one: ListedReceiver) -> tuple[str, str, str | None, str | None]:
    return one.signal, one.receiver, one.sender, one.dispatch_uid


def _listed(held: dict[str, object]) -> ListedReceiver:
    at = held.pop("connected_at")
    return ListedReceiver(**held, connected_at=Origin(**at) if isinstance(at, dict) else None)  # type: ignore[arg-type]
