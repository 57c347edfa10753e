"""What a recorded run is made of: strings, numbers and tuples, no live object.

The record that capture writes and everything that shows reads. Times are integer
nanoseconds since the run began. ``id`` counts dispatches and bypasses in the order in
which they opened, from 1.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

#: What an argument or a result is after it was put into words.
Scalar = str | int | float | bool | None

Method = Literal["send", "send_robust", "asend", "asend_robust"]
Outcome = Literal["returned", "raised", "skipped", "muted", "unknown"]
Operation = Literal["bulk_create", "bulk_update", "update", "fast_delete", "raw_delete"]
Ending = Literal["returned", "raised", "discarded", "waiting"]

#: Stands wherever a value looked like a secret; Django's own substitute.
SECRET = "*" * 20


#: Stands in a note on a way to send of which nobody saw what it sent.
LATE = "was put in place while the program ran"

#: Begins a note on signals whose receivers are not found by Django's own method.
CHOOSES = "which receivers are called is chosen by the signal's own class: "

#: Ends it where it does not name all of them.
OTHERS = " and others"


@dataclass(frozen=True, slots=True)
class Origin:
    """The line that caused a dispatch: the innermost one outside Django, if there is one."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Call:
    """One receiver in one dispatch: called, or skipped because an earlier one raised.

    A class of signals that calls its receivers out of our sight lets some of it be unknown.
    """

    receiver: str
    order: int  # from 1, in the order in which Django calls
    file: str | None  # None for a receiver without Python source
    line: int | None
    dispatch_uid: str | None
    weak: bool
    is_async: bool
    start_ns: int
    duration_ns: int | None  # 0 when skipped; None: it is not known when it ran
    outcome: Outcome  # unknown: whether it was called is not known
    result: Scalar  # what it returned, in words
    error: str | None  # what it raised, in words
    queries: int  # SQL statements executed while it ran, nested dispatches included


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One ``send``, ``send_robust``, ``asend`` or ``asend_robust``."""

    id: int
    parent: int | None  # the dispatch during which this one was sent
    parent_call: int | None  # the index, from 0, of the call in it
    step: int | None
    signal: str  # dotted path
    name: str  # short name
    group: str
    method: str  # a Method, or what a class of signals has of its own to send by
    sender: str | None  # None: sent with sender=None
    start_ns: int
    duration_ns: int
    arguments: tuple[tuple[str, Scalar], ...]
    calls: tuple[Call, ...]
    error: str | None  # what came out of the send itself
    origin: Origin | None
    in_transaction: bool
    rolled_back: bool
    queries: int  # SQL statements executed during it
    thread: str
    process: int
    callback: int | None = None  # the on_commit callback that sent it, where one did

    @property
    def unheard(self) -> bool:
        """Whether nobody but us listened."""
        return not self.calls

    @property
    def failed(self) -> bool:
        """Whether a receiver raised, or the send itself did."""
        return self.error is not None or any(call.outcome == "raised" for call in self.calls)

    def argument(self, name: str) -> Scalar:
        """Return the argument called ``name``; ``KeyError`` where it was not sent."""
        return dict(self.arguments)[name]


@dataclass(frozen=True, slots=True)
class Bypass:
    """A database operation that by design sent no signal for the rows it touched."""

    id: int
    operation: Operation
    model: str
    rows: int | None  # None where the database did not say
    start_ns: int
    step: int | None
    parent: int | None
    parent_call: int | None
    origin: Origin | None
    would_call: tuple[str, ...]  # receivers that a signal would have reached
    thread: str | None = None  # None: recorded by an older sigexplorer
    process: int | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """A function given to ``transaction.on_commit``, and what became of it."""

    id: int
    function: str  # module.qualname
    file: str | None
    line: int | None
    using: str  # the alias of the database
    registered_ns: int
    step: int | None
    parent: int | None  # the dispatch during which it was registered
    parent_call: int | None
    origin: Origin | None  # where it was registered
    start_ns: int | None  # None: it never ran
    duration_ns: int
    ending: Ending  # discarded: rolled back, or one before it raised; waiting: the run ended before
    error: str | None
    thread: str | None = None  # that registered it; None: recorded by an older sigexplorer
    process: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A named part of a run."""

    id: int
    title: str
    start_ns: int
    duration_ns: int
    error: str | None
    source: str | None = None  # the Python of the step, where it could be read


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement that was checked while the run was running."""

    text: str
    held: bool
    detail: str | None  # what was seen instead
    step: int | None = None  # the step that it is about
    fact: str | None = None  # the id of the fact that it proves


@dataclass(frozen=True, slots=True)
class Run:
    """Where, when and how a trace was recorded."""

    title: str
    listened: bool  # a tracing receiver was connected to every built-in signal
    started_at: str  # ISO 8601, UTC
    duration_ns: int
    sigexplorer: str
    django: str
    python: str
    databases: tuple[tuple[str, str], ...]  # alias, vendor
    dropped: int = 0  # records lost to a fault of ours
    complete: bool = True
    queries: int = 0  # SQL statements of the whole run
    notes: tuple[str, ...] = ()  # what the reader must know to believe the trace


@dataclass(frozen=True, slots=True)
class ListedReceiver:
    """A registration: a receiver connected to a signal."""

    signal: str  # dotted path
    name: str  # short name
    receiver: str  # module.qualname; "?" for one that died and whose connection we did not watch
    order: int  # from 1, in the order in which Django calls: sync before async
    file: str | None  # None for a receiver without Python source
    line: int | None
    sender: str | None  # None: connected for every sender
    dispatch_uid: str | None
    weak: bool
    is_async: bool
    alive: bool
    connected_at: Origin | None  # where it was connected, if we watched that
    stock: bool  # Django's own
    by_debug: bool = False  # it lives only because DEBUG is on, as far as anybody looked
    by_text: bool = False  # connected for a text, which is neither the model nor the app of that name

    @property
    def sender_written(self) -> str | None:
        """The sender, a text in quotes; None where it is connected for every one."""
        return f"'{self.sender}'" if self.by_text else self.sender


@dataclass(frozen=True, slots=True)
class Counted:
    """Dispatches that were counted and not recorded."""

    name: str  # of the signal
    sender: str
    times: int


@dataclass(frozen=True, slots=True)
class Trace:
    """A recorded run."""

    run: Run
    steps: tuple[Step, ...] = ()
    dispatches: tuple[Dispatch, ...] = ()
    bypasses: tuple[Bypass, ...] = ()
    claims: tuple[Claim, ...] = ()
    callbacks: tuple[Callback, ...] = ()
    receivers: tuple[ListedReceiver, ...] = ()  # connected when the run ended
    counted: tuple[Counted, ...] = ()

    @property
    def held(self) -> bool:
        """Whether every claim held and no step failed."""
        return all(claim.held for claim in self.claims) and not any(step.error for step in self.steps)


@dataclass(frozen=True, slots=True)
class Summary:
    """A trace in a few numbers."""

    dispatches: int
    calls: int  # receivers that really ran
    errors: int  # calls that raised, and sends that failed without one
    queries: int
    bypasses: int
    by_signal: dict[str, int] = field(default_factory=dict)
    counted: dict[str, dict[str, int]] = field(default_factory=dict)  # signal, sender, times


def summarise(trace: Trace) -> Summary:
    """Count what is in ``trace``; ``by_signal`` has the most frequent signal first."""
    calls = [call for dispatch in trace.dispatches for call in dispatch.calls]
    raised = sum(call.outcome == "raised" for call in calls)
    unexplained = sum(
        dispatch.error is not None and not any(call.outcome == "raised" for call in dispatch.calls)
        for dispatch in trace.dispatches
    )
    names = Counter(dispatch.name for dispatch in trace.dispatches)
    return Summary(
        dispatches=len(trace.dispatches),
        calls=sum(call.outcome in ("returned", "raised") for call in calls),
        errors=raised + unexplained,
        queries=trace.run.queries,
        bypasses=len(trace.bypasses),
        by_signal=dict(names.most_common()),
        counted=_counted(trace.counted),
    )


def _counted(counts: tuple[Counted, ...]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for one in counts:
        table.setdefault(one.name, {})[one.sender] = one.times
    return table
