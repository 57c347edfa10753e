"""Keep code that was compiled from Django's source for the next process, as Python does with modules.

To compile it takes longer than all else that a trace begins with. What is read back is run:
so it is read only where nobody else can have written it.
"""

from __future__ import annotations

import marshal
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import CodeType, FunctionType

import sigexplorer
from sigexplorer.spool.latest import cache_folder

_FOLDER = "code"

#: Enough for some versions of Python and Django in a few places.
_MOST = 64


def remembered(found: FunctionType, maker: str, make: Callable[[], CodeType], *others: str) -> CodeType:
    """Return what ``make`` compiles from the source of ``found`` by what stands in these files."""
    try:
        about = _about(found, maker, *others)
        file = cache_folder() / _FOLDER / f"{sha256(about).hexdigest()[:16]}.{sys.implementation.cache_tag}"
        code = _read(file, about)
    except (OSError, RuntimeError, ValueError, AttributeError):  # no such file, no home, no such system
        return make()
    if code is None:
        code = make()
        with suppress(OSError, ValueError):
            _write(file, about, marshal.dumps(code))
    return code


def _about(found: FunctionType, *makers: str) -> bytes:
    """Return what such code depends on."""
    code = found.__code__
    whole = [MAGIC_NUMBER, sys.version, sys.flags.optimize, sigexplorer.__version__]
    for file in (*makers, code.co_filename):
        status = os.stat(file)  # noqa: PTH116 - a path for each would cost more than the rest
        whole += [file, status.st_mtime_ns, status.st_size]
    return repr((*whole, code.co_qualname, code.co_firstlineno)).encode()


def _read(file: Path, about: bytes) -> CodeType | None:
    """Return what a file holds; None where it is not there or is not ours alone, or not about that."""
    try:
        if not _is_ours(os.lstat(file.parent), stat.S_ISDIR):
            return None
        with open(file, "rb", opener=_opened) as opened:
            if not _is_ours(os.fstat(opened.fileno()), stat.S_ISREG):
                return None
            held = opened.read()
    except OSError:
        return None
    if not held.startswith(about):
        return None
    try:
        code = marshal.loads(held[len(about) :])  # noqa: S302 - nobody else has written it
    except (EOFError, TypeError, ValueError):
        return None
    return code if isinstance(code, CodeType) else None


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _is_ours(status: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    return is_kind(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _write(file: Path, about: bytes, content: bytes) -> None:
    """Write a file in one step, in a folder that is ours alone; Python may have been told to write none."""
    if sys.dont_write_bytecode:
        return
    folder = file.parent
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not _is_ours(os.lstat(folder), stat.S_ISDIR):
        return
    temporary = folder / f".{file.name}.{os.getpid()}"
    number = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(number, "wb") as opened:
        opened.write(about + content)
    temporary.replace(file)
    _make_room(folder)


def _make_room(folder: Path) -> None:
    files = sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime_ns)
    for each in files[:-_MOST]:
        each.unlink(missing_ok=True)
