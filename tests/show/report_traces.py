"""Traces for the HTML report: one that has something of everything, and one as large as wished."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from build import RUN, bypass, call, dispatch

from sigexplorer.model import (
    Callback,
    Claim,
    Counted,
    Dispatch,
    ListedReceiver,
    Origin,
    Step,
    Trace,
)

_MS = 1_000_000


def registration(receiver: str, **changes: Any) -> ListedReceiver:
    """Return a receiver that is connected to post_save for every sender."""
    plain = ListedReceiver(
        signal="django.db.models.signals.post_save", name="post_save", receiver=receiver, order=1,
        file="blog/receivers.py", line=12, sender=None, dispatch_uid=None, weak=True, is_async=False,
        alive=True, connected_at=Origin("blog/apps.py", 9, "ready"), stock=False,
    )  # fmt: skip
    return replace(plain, **changes)


def _callback(number: int, function: str, **changes: Any) -> Callback:
    plain = Callback(
        id=number, function=function, file="blog/mail.py", line=3, using="default", registered_ns=2 * _MS,
        step=1, parent=1, parent_call=0, origin=Origin("blog/receivers.py", 20, "create_profile"),
        start_ns=6 * _MS, duration_ns=2 * _MS, ending="returned", error=None,
    )  # fmt: skip
    return replace(plain, **changes)


def _of_everything() -> tuple[Dispatch, ...]:
    """Return dispatches that nest, overlap, fail, wait and are not heard, in two threads."""
    at = {"step": 1, "duration_ns": _MS}
    first = dispatch(
        1, start_ns=_MS, duration_ns=4 * _MS, sender="auth.User", queries=3, in_transaction=True,
        arguments=(("instance", "<auth.User pk=1>"), ("created", True), ("using", "default")),
        origin=Origin("blog/views.py", 39, "signup"),
        calls=(
            call("blog.receivers.create_profile", start_ns=_MS, duration_ns=2 * _MS, queries=2),
            call("shop.signals.welcome", order=2, start_ns=3 * _MS, duration_ns=_MS, result="queued"),
            call("django.contrib.auth.models.update_last_login", order=3, start_ns=4 * _MS,
                 duration_ns=_MS // 2),
        ),
    )  # fmt: skip
    inner = dispatch(2, "pre_init", parent=1, parent_call=0, start_ns=_MS + 9, duration_ns=900, step=1)
    nested = dispatch(
        3, parent=1, parent_call=0, start_ns=2 * _MS, sender="blog.Profile", calls=(
            call("search.index.update", start_ns=2 * _MS, duration_ns=_MS // 2),
        ), **at,
    )  # fmt: skip
    sent = dispatch(5, "order_paid", signal="shop.signals.order_paid", group="custom", start_ns=6 * _MS + 9,
                    callback=1, sender=None, **at)  # fmt: skip
    failed = dispatch(
        6, "pre_save", start_ns=10 * _MS, duration_ns=3 * _MS, step=2, rolled_back=True, in_transaction=True,
        error="ValueError: no such tag", arguments=(("instance", "<blog.Post pk=None>"),), calls=(
            call("blog.receivers.check", start_ns=10 * _MS, duration_ns=_MS, outcome="raised",
                 error="ValueError: no such tag"),
            call("blog.receivers.late", order=2, start_ns=11 * _MS, duration_ns=0, outcome="skipped"),
            call("blog.receivers.quiet", order=3, start_ns=11 * _MS, duration_ns=0, outcome="muted"),
        ),
    )  # fmt: skip
    together = dispatch(
        7, "task_finished", signal="django.tasks.signals.task_finished", group="tasks", method="asend",
        step=2, start_ns=14 * _MS, duration_ns=3 * _MS, thread="worker", calls=tuple(
            call(f"shop.tasks.work_{number}", order=number, is_async=True, start_ns=14 * _MS + number,
                 duration_ns=2 * _MS)
            for number in (1, 2, 3)
        ),
    )  # fmt: skip
    return first, inner, nested, sent, failed, together


def everything() -> Trace:
    """Return a trace with something of everything that a trace can hold."""
    return Trace(
        run=replace(RUN, title="scenario everything", duration_ns=18 * _MS, notes=("a note to the reader",)),
        steps=(
            Step(1, "sign up", 0, 9 * _MS, None, "client.post('/signup/')\nassert True"),
            Step(2, "fail", 9 * _MS, 9 * _MS, "ValueError: no such tag"),
        ),
        dispatches=_of_everything(),
        bypasses=(
            bypass(4, parent=1, parent_call=0, start_ns=2 * _MS, would_call=("blog.receivers.reindex",)),
        ),
        claims=(
            Claim("a profile is made", held=True, detail=None, step=1),
            Claim("nothing fails", held=False, detail="ValueError was raised", step=2),
            Claim("the run ends", held=True, detail=None),
        ),
        callbacks=(
            _callback(1, "blog.mail.send_welcome"),
            _callback(2, "blog.mail.never_sent", start_ns=None, duration_ns=0, ending="discarded"),
        ),
        receivers=(
            registration("blog.receivers.create_profile"),
            registration("blog.receivers.gone", alive=False),
            registration("blog.receivers.other", sender="blog.Comment"),
            registration("blog.receivers.late", signal="django.db.models.signals.pre_save", name="pre_save"),
            registration("blog.receivers.quiet", signal="django.db.models.signals.pre_save", name="pre_save"),
            registration("shop.signals.refund", signal="shop.signals.refunded", name="refunded"),
            registration("django.contrib.auth.models.update_last_login", stock=True),
        ),
        counted=(Counted("post_init", "blog.Tag", 1_234),),
    )  # fmt: skip


def many(count: int, seed: int = 1) -> Trace:
    """Return a trace of so many dispatches, of which some nest and one in a thousand fails."""
    chance = random.Random(seed)  # noqa: S311 - the same trace every time, no secret
    made: list[Dispatch] = []
    now = 0
    while len(made) < count:
        took = chance.randrange(20_000, 2_000_000)
        made += _family(
            chance, len(made) + 1, min(count - len(made), chance.choice((1, 1, 2, 3, 4))), now, took
        )
        now += took + chance.randrange(1_000, 100_000)
    steps = tuple(
        Step(number, f"part {number}", now * (number - 1) // 4, now // 4, None) for number in range(1, 5)
    )
    return Trace(
        run=replace(RUN, title=f"{count} dispatches", duration_ns=now), steps=steps, dispatches=tuple(made)
    )


def _family(chance: random.Random, number: int, size: int, now: int, took: int) -> list[Dispatch]:
    """Return a dispatch, and the ones that its first receiver sends."""
    receivers = max(chance.choice((0, 1, 1, 2)), int(size > 1))
    raised = chance.random() < 0.001 and receivers == 1
    calls = tuple(
        call(
            f"app{chance.randrange(7)}.receivers.handle", order=each + 1,
            start_ns=now + 100 + each * took // 4, duration_ns=took // 5, queries=each,
            outcome="raised" if raised else "returned", error="ValueError: to find" if raised else None,
        )
        for each in range(receivers)
    )  # fmt: skip
    place: dict[str, Any] = {"step": 1 + number % 4, "origin": Origin("blog/views.py", number % 60, "view")}
    name = chance.choice(("pre_save", "post_save", "post_init", "post_delete"))
    root = dispatch(number, name, start_ns=now, duration_ns=took, calls=calls, **place, **_about(number))
    return [root] + [
        dispatch(
            number + each, parent=number, parent_call=0, start_ns=now + 200 + each * took // 40,
            duration_ns=took // 50, **place, **_about(number + each),
        )
        for each in range(1, size)
    ]  # fmt: skip


def _about(number: int) -> dict[str, Any]:
    model = f"blog.Model{number % 17}"
    values = (("instance", f"<{model} pk={number}>"), ("created", number % 3 == 0), ("raw", False),
              ("using", "default"), ("update_fields", None))  # fmt: skip
    return {"sender": model, "arguments": values, "queries": number % 3}
