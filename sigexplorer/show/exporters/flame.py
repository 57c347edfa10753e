"""A track as the samples of a CPU profile.

Speedscope takes a file that is called ``.chrome.json`` for a recording of Chrome's own, and
shows nothing but the CPU profiles in it. So each track is there a second time, as one.
"""

from __future__ import annotations

from typing import Any

_ROOT = 1  # stands for nothing running


class Flame:
    """Collects what ran on one track, in the order in which it began."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[int, str], int] = {}  # by parent and name
        self._open: list[tuple[int, int]] = []  # ends and nodes
        self._samples = [_ROOT]
        self._times_ns = [0]

    def add(self, name: str, start_ns: int, end_ns: int) -> None:
        """Add what stands inside of all that is open and has not ended."""
        self._close(start_ns)
        parent = self._open[-1][1] if self._open else _ROOT
        node = self._nodes.setdefault((parent, name), len(self._nodes) + _ROOT + 1)
        self._open.append((end_ns, node))
        self._sample(start_ns, node)

    def _close(self, until_ns: int | None = None) -> None:
        while self._open and (until_ns is None or self._open[-1][0] <= until_ns):
            end_ns, _ = self._open.pop()
            self._sample(end_ns, self._open[-1][1] if self._open else _ROOT)

    def _sample(self, when_ns: int, node: int) -> None:
        self._times_ns.append(max(when_ns, self._times_ns[-1]))
        self._samples.append(node)

    def profile(self) -> dict[str, Any]:
        """Return the samples, with times in microseconds, as Chrome writes them."""
        self._close()
        times = self._times_ns
        deltas = [(after - before) / 1_000 for before, after in zip([0, *times], times, strict=False)]
        nodes = [_node(_ROOT, "(root)", None)]
        nodes += [_node(number, name, parent) for (parent, name), number in self._nodes.items()]
        return {
            "nodes": nodes,
            "samples": self._samples,
            "timeDeltas": deltas,
            "startTime": 0,
            "endTime": times[-1] / 1_000,
        }


def _node(number: int, name: str, parent: int | None) -> dict[str, Any]:
    frame = {"functionName": name, "scriptId": "0", "url": "", "lineNumber": -1, "columnNumber": -1}
    return {"id": number, "callFrame": frame, **({} if parent is None else {"parent": parent})}
