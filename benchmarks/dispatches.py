"""What a dispatch costs while it is traced, next to what others take for the same."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.measuring import Row, Setting, SkippedError, told

_HOT = "one dispatch of a model, to an untraced one"
_REAL = "200 logins, 500 saves, m2m and deletes"

#: What is captured beside the usual, and what that is called.
_PRICES = {
    "origins": "1 receivers, with the line that sent it (-k)",
    "described": "1 receivers, with arguments that have to be put into words",
    "statements": "no dispatch, but one SQL statement",
}

#: Which of the peers' packages each way of looking needs.
_PEERS = {"sentry": "sentry_sdk", "opentelemetry": "opentelemetry.sdk", "viztracer": "viztracer"}


def rows(setting: Setting) -> Iterator[Row]:
    """Measure single dispatches, many, and what they are part of."""
    count = max(500, min(20_000, setting.scale // 50))
    for receivers, goal in ((0, 2.0), (1, 1.4), (5, 1.35)):
        found = _hot(setting, receivers, count, ["traced"])
        yield Row(_HOT, f"{receivers} receivers", goal, _ratios(found, "traced"))
    found = _hot(setting, 0, count, ["counted"])
    yield Row(_HOT, "an init signal, counted", 1.03, _ratios(found, "counted"))
    for way, name in _PRICES.items():
        yield Row(_HOT, name, None, _ratios(_hot(setting, 1, count, [way]), way))
    for receivers in (0, 1):
        found = _hot(setting, receivers, count, ["left out"])
        name = f"{receivers} receivers, a signal left out of the trace by -e"
        yield Row(_HOT, name, 1.03, _ratios(found, "left out"))
    found = _hot(setting, 1, count, ["no longer traced"])
    note = "Signal.send is the function it was"
    yield Row(_HOT, "no tracer any more", 1.0, (1.0,), note=note)
    yield Row(_HOT, "no tracer any more, timed", None, _ratios(found, "no longer traced"))
    yield from _sustained(setting)
    yield from _real(setting)
    found = told(setting, "iterating", str(setting.rounds), str(max(1_000, setting.scale // 10)))
    name = "100,000 model instances, to the same untraced"
    yield Row(name, "by default", 1.03, _ratios(found, "traced"))
    yield Row(name, "with each init signal recorded", 1.5, _ratios(found, "inits"))


def peers(setting: Setting) -> Iterator[Row]:
    """Measure what others take for the same dispatches, and what we add to what Sentry adds."""
    python = setting.peers_python()
    there = [way for way, module in _PEERS.items() if _has(python, module)]
    count = max(200, min(5_000, setting.scale // 200))
    for receivers, goal in ((1, 1 / 15), (5, 1 / 40)):
        ways = ["traced", "logging", "cprofile", *there]
        found = _hot(setting, receivers, count, ways, python)
        for way in ways[1:]:
            yield Row(_HOT, f"{receivers} receivers, {way}", None, _ratios(found, way))
        if "sentry" in found:
            shares = tuple(
                (ours - plain) / (theirs - plain)
                for ours, theirs, plain in zip(
                    found["traced"], found["sentry"], found["untraced"], strict=True
                )
            )
            yield Row(
                "what we add to a dispatch, to what Sentry adds", f"{receivers} receivers", goal, shares
            )
    missing = sorted(set(_PEERS) - set(there))
    if missing:
        raise SkippedError(f"not installed beside the others: {', '.join(missing)}")


def _has(python: str, module: str) -> bool:
    done = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)  # noqa: S603
    return done.returncode == 0


def _hot(
    setting: Setting, receivers: int, count: int, ways: Sequence[str], python: str = ""
) -> dict[str, list[float]]:
    found: dict[str, list[float]] = told(
        setting, "hot", str(receivers), str(setting.rounds), str(count), *ways, python=python
    )
    return found


def _ratios(found: dict[str, list[float]], way: str) -> tuple[float, ...]:
    return tuple(one / plain for one, plain in zip(found[way], found["untraced"], strict=True))


def _sustained(setting: Setting) -> Iterator[Row]:
    found: dict[str, Any] = told(setting, "sustained", str(setting.scale))
    name = f"{setting.scale:,} dispatches recorded to disk"
    yield Row(name, "one dispatch, to an untraced one", 1.6, _ratios(found, "traced"))
    yield Row(name, "memory that the process grows by", 4.0, (found["grown"] / 2**20,), unit="MiB")


def _real(setting: Setting) -> Iterator[Row]:
    size = max(2, min(100, setting.scale // 10_000))
    found = told(setting, "workload", "time", str(setting.rounds), str(size))
    yield Row(_REAL, "CPU, to the same untraced", 1.05, _ratios(found, "traced"))
    counts = told(setting, "workload", "count", str(size))
    for what, name in (("statements", "SQL statements"), ("sends", "dispatches")):
        ratio = counts["traced"][what] / counts["untraced"][what]
        note = f"{counts['untraced'][what]:,} untraced, {counts['traced'][what]:,} traced"
        yield Row(_REAL, f"{name}, to the same untraced", 1.0, (ratio,), note=note)
