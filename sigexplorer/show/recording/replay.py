"""A pipe that can be read more than once."""

from __future__ import annotations

import tempfile
from types import TracebackType
from typing import BinaryIO, Self


class Replayed:
    """What came out of a pipe is kept in a file without a name, and comes first the next time."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._kept = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as it may be read again
        self._position = 0

    def __enter__(self) -> Self:
        self._position = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stay open: it may be read again."""

    def __del__(self) -> None:
        self._source.close()
        self._kept.close()

    def read(self, size: int) -> bytes:
        """Return so many bytes, or what is left."""
        self._kept.seek(self._position)
        data = self._kept.read(size)
        if len(data) < size:
            more = self._source.read(size - len(data))
            self._kept.write(more)
            data += more
        self._position += len(data)
        return data
