"""A track as the samples of a CPU profile.

Speedscope takes a file that is called ``.chrome.json`` for a recording of Chrome's own, and
shows nothing but the CPU profiles in it. So each track is there a second time, as one. It
has to stand in one piece at the end: until then it waits in files without names.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from json.encoder import encode_basestring_ascii as quoted
from typing import IO

from sigexplorer.show.files import putting_away, temporary

_ROOT = 1  # stands for nothing running
_AT_ONCE = 20_000  # samples, before they go to a file


class Flame:
    """Collects what ran on one track, in the order in which it began."""

    def __init__(self, files: ExitStack) -> None:
        self._nodes: dict[tuple[int, str], int] = {}  # by parent and name
        self._open: list[tuple[int, int]] = []  # ends and nodes
        self._last = 0
        self._samples, self._deltas = _Kept(f"{_ROOT}", files), _Kept("0", files)
        self._leaves: dict[tuple[str, str], str] = {}

    def add(self, name: str, start_ns: int, end_ns: int) -> None:
        """Add what stands inside of all that is open and has not ended."""
        self._close(start_ns)
        node = self._node(self._open[-1][1] if self._open else _ROOT, name)
        self._open.append((end_ns, node))
        self._sample(start_ns, node)

    def add_leaf(self, names: tuple[str, str], start_ns: int, times: tuple[int, int, int]) -> None:
        """Add a thing in which there is one other thing, and nothing else; it stands in nothing itself.

        ``times`` are how long it takes until the other one, this one, and the rest.
        """
        if self._open:
            self._close()
        samples = self._leaves.get(names)
        if samples is None:
            node = self._node(_ROOT, names[0])
            samples = f",{node},{self._node(node, names[1])},{node},{_ROOT}"
            self._leaves[names] = samples
        before, within, after = times
        self._samples.add(samples)
        self._deltas.add(f",{start_ns - self._last}e-3,{before}e-3,{within}e-3,{after}e-3")
        self._last = start_ns + before + within + after

    def _node(self, parent: int, name: str) -> int:
        return self._nodes.setdefault((parent, name), len(self._nodes) + _ROOT + 1)

    def _close(self, until_ns: int | None = None) -> None:
        while self._open and (until_ns is None or self._open[-1][0] <= until_ns):
            end_ns, _ = self._open.pop()
            self._sample(end_ns, self._open[-1][1] if self._open else _ROOT)

    def _sample(self, when_ns: int, node: int) -> None:
        passed = max(when_ns - self._last, 0)
        self._last += passed
        self._samples.add(f",{node}")
        self._deltas.add(f",{passed}e-3")  # microseconds

    def profile(self) -> Iterator[str]:
        """Yield the samples, as Chrome writes them, as the text of a JSON object."""
        self._close()
        yield f'{{"nodes":[{_node(_ROOT, "(root)", None)}'
        for (parent, name), number in self._nodes.items():
            yield f",{_node(number, name, parent)}"
        yield '],"samples":['
        yield from self._samples.chunks()
        yield '],"timeDeltas":['
        yield from self._deltas.chunks()
        yield f'],"startTime":0,"endTime":{self._last}e-3}}'


def _node(number: int, name: str, parent: int | None) -> str:
    frame = f'{{"functionName":{quoted(name)},"scriptId":"0","url":"","lineNumber":-1,"columnNumber":-1}}'
    above = "" if parent is None else f',"parent":{parent}'
    return f'{{"id":{number},"callFrame":{frame}{above}}}'


class _Kept:
    """Text that is written piece by piece, and read when it is whole."""

    def __init__(self, first: str, files: ExitStack) -> None:
        self._pieces = [first]
        self._files = files
        self._file: IO[str] | None = None

    def add(self, piece: str) -> None:
        self._pieces.append(piece)
        if len(self._pieces) >= _AT_ONCE:
            with putting_away():
                if self._file is None:
                    self._file = temporary(self._files, "w+", encoding="ascii")
                self._file.write("".join(self._pieces))
            self._pieces.clear()

    def chunks(self) -> Iterator[str]:
        if self._file is not None:
            with putting_away():  # what is left of it is written
                self._file.seek(0)
            while chunk := self._file.read(64 * 1024):
                yield chunk
        yield "".join(self._pieces)
