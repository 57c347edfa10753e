"""Small traces for tests, and whatever traces there can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from sigexplorer.model import (
    Bypass,
    Call,
    Callback,
    Claim,
    Counted,
    Dispatch,
    ListedReceiver,
    Origin,
    Run,
    Step,
    Trace,
)

RUN = Run(
    title="scenario small",
    listened=True,
    started_at="2026-11-20T10:00:00.000000Z",
    duration_ns=5_000_000,
    sigexplorer="0.1.0",
    django="6.1.3",
    python="3.13.0",
    databases=(("default", "sqlite"),),
    queries=3,
)


def call(receiver: str = "blog.receivers.reindex", **changes: Any) -> Call:
    """Return a receiver that was called and returned None."""
    plain = Call(
        receiver=receiver, order=1, file="blog/receivers.py", line=12, dispatch_uid=None, weak=True,
        is_async=False, start_ns=1_000, duration_ns=500, outcome="returned", result=None, error=None,
        queries=0,
    )  # fmt: skip
    return replace(plain, **changes)


def dispatch(number: int, name: str = "post_save", **changes: Any) -> Dispatch:
    """Return a dispatch that caused nothing."""
    groups = {"pre_init": "init", "post_init": "init", "class_prepared": "model", "m2m_changed": "m2m"}
    plain = Dispatch(
        id=number, parent=None, parent_call=None, step=1, signal=f"django.db.models.signals.{name}",
        name=name, group=groups.get(name, name.partition("_")[2]), method="send", sender="blog.Post",
        start_ns=number * 1_000, duration_ns=500, arguments=(), calls=(), error=None, origin=None,
        in_transaction=False, rolled_back=False, queries=0, thread="MainThread", process=1,
    )  # fmt: skip
    return replace(plain, **changes)


def bypass(number: int, **changes: Any) -> Bypass:
    """Return an UPDATE of three posts."""
    plain = Bypass(number, "update", "blog.Post", 3, number * 1_000, 1, None, None, None, ())
    return replace(plain, **changes)


def trace(*records: Dispatch | Bypass, steps: int = 1, claims: tuple[Claim, ...] = ()) -> Trace:
    """Return a trace of these records, with as many steps."""
    return Trace(
        run=RUN,
        steps=tuple(Step(number, f"step {number}", 0, 4_000_000, None) for number in range(1, steps + 1)),
        dispatches=tuple(record for record in records if isinstance(record, Dispatch)),
        bypasses=tuple(record for record in records if isinstance(record, Bypass)),
        claims=claims,
    )


#: Texts that a file can hold, among them those that try to be more than texts.
TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "[red]x[/red]",
        "</script>",
        "\x1b[31m",
        "a\nb",
        "a\r\u2028b",
        "\x00",
        "\u202e",
        "| a | `b` |",
        "漢字" * 30,
        "é" * 90,
        "x" * 3_000,
        "-> x; y \N{MULTIPLICATION SIGN}2",
    ]
)

#: The same, and those that no file can hold.
ALL_TEXTS = TEXTS | st.text(st.characters(exclude_categories=()), max_size=20)

TIMES = st.integers(0, 10**12)
COUNTS = st.integers(0, 10**6)
FINITE = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
ODD = st.sampled_from([float("nan"), float("inf"), float("-inf")])


def origins(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Origin | None]:
    """Return places in a source, or none."""
    return st.none() | st.builds(Origin, texts, COUNTS, texts)


def calls(texts: st.SearchStrategy[str], scalars: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    """Return receivers and what became of them."""
    return st.builds(
        Call,
        receiver=texts | st.just("django.db.reset_queries"),
        order=st.integers(1, 9),
        file=st.none() | texts,
        line=st.none() | COUNTS,
        dispatch_uid=st.none() | texts,
        weak=st.booleans(),
        is_async=st.booleans(),
        start_ns=TIMES,
        duration_ns=TIMES | st.none(),
        outcome=st.sampled_from(["returned", "raised", "skipped", "muted", "unknown"]),
        result=scalars,
        error=st.none() | texts,
        queries=COUNTS,
    )


def callbacks(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Callback]:
    """Return functions given to on_commit, and what became of them."""
    return st.builds(
        Callback,
        id=st.integers(1, 99),
        function=texts,
        file=st.none() | texts,
        line=st.none() | COUNTS,
        using=texts,
        registered_ns=TIMES,
        step=st.none(),
        parent=st.none() | st.integers(1, 5),
        parent_call=st.none() | COUNTS,
        origin=origins(texts),
        start_ns=st.none() | TIMES,
        duration_ns=TIMES,
        ending=st.sampled_from(["returned", "raised", "discarded", "waiting"]),
        error=st.none() | texts,
    )


def receivers(texts: st.SearchStrategy[str]) -> st.SearchStrategy[ListedReceiver]:
    """Return registrations."""
    return st.builds(
        ListedReceiver,
        signal=texts,
        name=texts,
        receiver=texts,
        order=st.integers(1, 9),
        file=st.none() | texts,
        line=st.none() | COUNTS,
        sender=st.none() | texts,
        dispatch_uid=st.none() | texts,
        weak=st.booleans(),
        is_async=st.booleans(),
        alive=st.booleans(),
        connected_at=origins(texts),
        stock=st.booleans(),
    )


def _counts(texts: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Counted, ...]]:
    senders = st.dictionaries(texts, COUNTS, min_size=1, max_size=2)
    tables = st.dictionaries(texts, senders, max_size=2)
    return tables.map(
        lambda table: tuple(
            Counted(name, sender, times)
            for name, counted in table.items()
            for sender, times in counted.items()
        )
    )


@st.composite
def _record(
    draw: st.DrawFn, before: list[Dispatch | Bypass], steps: int, texts: Any, scalars: Any
) -> Dispatch | Bypass:
    causes = [one for one in before if isinstance(one, Dispatch) and one.calls]
    parent = draw(st.none() | st.sampled_from(causes)) if causes else None
    place: dict[str, Any] = {
        "id": len(before) + 1,
        "parent": parent.id if parent else None,
        "parent_call": draw(st.integers(0, len(parent.calls) - 1)) if parent else None,
        "step": draw(st.none() | st.integers(1, steps)) if steps else None,
        "start_ns": draw(TIMES),
        "origin": draw(origins(texts)),
    }
    if draw(st.integers(0, 3)) == 0:
        return Bypass(
            operation=draw(
                st.sampled_from(["bulk_create", "bulk_update", "update", "fast_delete", "raw_delete"])
            ),
            model=draw(texts),
            rows=draw(st.none() | COUNTS),
            would_call=tuple(draw(st.lists(texts, max_size=3))),
            **place,
        )
    name = draw(st.sampled_from(["post_save", "pre_init", "class_prepared", "m2m_changed"]) | texts)
    return Dispatch(
        signal=f"some.module.{name}",
        name=name,
        group=draw(st.sampled_from(["save", "init", "migrate", "custom"])),
        method=draw(st.sampled_from(["send", "send_robust", "asend", "asend_robust", "send_chained"])),
        sender=draw(st.none() | texts),
        duration_ns=draw(TIMES),
        arguments=tuple(draw(st.dictionaries(texts, scalars, max_size=4)).items()),
        calls=tuple(draw(st.lists(calls(texts, scalars), max_size=4))),
        error=draw(st.none() | texts),
        in_transaction=draw(st.booleans()),
        rolled_back=draw(st.booleans()),
        queries=draw(COUNTS),
        thread=draw(texts),
        process=draw(COUNTS),
        **place,
    )


@st.composite
def traces(draw: st.DrawFn, texts: Any = TEXTS, scalars: Any = None) -> Trace:
    """Return traces as they may be recorded: causes come first, and records stand in steps that exist."""
    scalars = (FINITE | texts) if scalars is None else scalars
    count = draw(st.integers(0, 2))
    records: list[Dispatch | Bypass] = []
    for _ in range(draw(st.integers(0, 5))):
        records.append(draw(_record(records, count, texts, scalars)))
    aliases = st.dictionaries(texts, texts, max_size=2)
    return Trace(
        run=draw(
            st.builds(
                Run,
                title=texts,
                listened=st.booleans(),
                started_at=st.just("2026-11-20T10:00:00.000000Z"),
                duration_ns=TIMES,
                sigexplorer=texts,
                django=texts,
                python=texts,
                databases=aliases.map(lambda found: tuple(found.items())),
                dropped=COUNTS,
                complete=st.booleans(),
                queries=COUNTS,
                notes=st.lists(texts, max_size=2).map(tuple),
            )
        ),
        steps=tuple(
            Step(
                number,
                draw(texts),
                draw(TIMES),
                draw(TIMES),
                draw(st.none() | texts),
                draw(st.none() | texts),
            )
            for number in range(1, count + 1)
        ),
        dispatches=tuple(one for one in records if isinstance(one, Dispatch)),
        bypasses=tuple(one for one in records if isinstance(one, Bypass)),
        claims=tuple(draw(st.lists(st.builds(Claim, texts, st.booleans(), st.none() | texts), max_size=2))),
        callbacks=tuple(draw(st.lists(callbacks(texts), max_size=2))),
        receivers=tuple(draw(st.lists(receivers(texts), max_size=2))),
        counted=draw(_counts(texts)),
    )
