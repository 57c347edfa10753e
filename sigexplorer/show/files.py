"""Files that are written: the format that a suffix chooses, and no half-written file ever."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from sigexplorer.errors import OutputError, UsageError

_SUFFIXES = {
    ".jsonl": "jsonl",
    ".json": "json",
    ".html": "html",
    ".svg": "svg",
    ".md": "markdown",
    ".mmd": "mermaid",
    ".csv": "csv",
    ".sarif": "sarif",
    ".chrome.json": "chrome",
    ".otlp.json": "otlp",
}

_AT_ONCE = 64 * 1024  # characters

#: Files that get what a terminal would show.
_PLAIN = (".txt", ".log")


def choose_format(format_name: str | None, output: Path | None, known: list[str]) -> str:
    """Return the format that was named, or that the suffix of the file says, or ``table``."""
    if format_name is not None:
        if format_name not in known:
            raise UsageError(f"unknown format '{format_name}'", f"one of {', '.join(sorted(set(known)))}")
        return format_name
    name = output.name.lower() if output is not None else ""
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            if _SUFFIXES[suffix] not in known:
                raise UsageError(
                    f"this command writes no '{suffix}'", f"it writes {', '.join(sorted(known))}"
                )
            return _SUFFIXES[suffix]
    plugin = name.rpartition(".")[2]
    if plugin in known and f".{plugin}" in name:
        return plugin
    if name and "." in name.lstrip(".") and not name.endswith(_PLAIN):
        raise UsageError(f"the suffix of '{output}' is no format", "name one with -f, or end it in .txt")
    return "table"


def is_format(output: Path | None) -> bool:
    """Whether the suffix of a file says a format."""
    return output is not None and output.name.lower().endswith(tuple(_SUFFIXES))


def check_kept(output: Path | None, *read: Path) -> None:
    """Refuse to write over one of the files that are read: what filters leave out of it would be lost."""
    for file in read:
        if output is not None and output.exists() and file.exists() and output.samefile(file):
            raise OutputError(f"'{output}' is the recording that is read", "write to another file")


def write_file(file: Path, chunks: Iterable[str]) -> None:
    """Write ``file`` whole or not at all; a device or a pipe is written to as it is."""
    write_bytes(file, (chunk.encode("utf-8") for chunk in chunks))


def whole(chunks: Iterable[str]) -> Iterator[str]:
    """Yield ``chunks`` once all of them were made: where they go cannot be taken back."""
    with ExitStack() as files:
        with putting_away("name a file with -o"):
            kept = temporary(files, "w+", encoding="utf-8", newline="")
            kept.writelines(chunks)
            kept.seek(0)
        while chunk := kept.read(_AT_ONCE):
            yield chunk


def temporary(files: ExitStack, mode: str, **named: Any) -> IO[Any]:
    """Return a file without a name, that ``files`` closes; inside of ``putting_away``."""
    import tempfile

    made: IO[Any] = tempfile.TemporaryFile(mode, **named)  # noqa: SIM115 - it is closed with all of them
    files.callback(_close, made)
    return made


def _close(file: IO[Any]) -> None:
    with suppress(OSError):  # what could not be written before: that is told already
        file.close()


@contextmanager
def putting_away(hint: str = "TMPDIR names the folder that it is in") -> Iterator[None]:
    """Tell that a temporary file cannot be made or written: what was asked for is not what failed."""
    try:
        yield
    except OSError as problem:
        raise OutputError(f"cannot write a temporary file: {problem.strerror or problem}", hint) from problem


def is_replaced(file: Path | None) -> bool:
    """Whether writing to ``file`` leaves it as it was if anything fails: no device, and no pipe."""
    return file is not None and str(file) != "-" and (file.is_file() or not file.exists())


def write_bytes(file: Path, chunks: Iterable[bytes]) -> None:
    """Write ``file`` as ``write_file`` does, its encoding already chosen."""
    try:
        if file.exists() and not file.is_file():
            with file.open("wb") as stream:
                stream.writelines(chunks)
        else:
            _replace(file.resolve(), chunks)  # what a link leads to, so that it stays a link
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise OutputError(f"cannot write '{file}': {problem.strerror or problem}") from problem


def _replace(target: Path, chunks: Iterable[bytes]) -> None:
    import tempfile

    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.writelines(chunks)
        Path(temporary).chmod(mode)
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
