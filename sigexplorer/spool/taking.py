"""Taking the folder of a run: of several that want the same one, one gets it, and the others are told."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sigexplorer.spool.common import MAGIC
from sigexplorer.spool.files import SUFFIX


def take(folder: Path) -> Path | None:
    """Make a folder that is this run's alone; what a killed one left there gets a name, which is returned.

    ``FileExistsError`` where another run writes to it, or it holds anything that is not ours.
    """
    aside = None
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".sigexplorer-"))
    mark = new / str(os.getpid())
    try:
        mark.touch(0o600)  # it is never there without saying whose it is
        while not _is_moved(new, folder):
            aside = put_aside(folder) or aside
    finally:
        mark.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            new.rmdir()
    return aside


def _is_moved(new: Path, folder: Path) -> bool:
    try:
        new.rename(folder)
    except OSError:
        if folder.is_dir():  # and something is in it
            return False
        raise
    return True


def put_aside(folder: Path) -> Path | None:
    """Make room for a new folder: one of a run that was killed gets another name, which is returned.

    Where nothing was recorded it is removed. ``FileExistsError`` where another run writes to it, or
    makes room there too, or it holds anything else.
    """
    try:
        with _alone(folder):
            files = list(folder.iterdir())
            if not all(_is_spool(file) for file in files):
                raise FileExistsError(0, f"'{folder}' is in the way, and not ours")
            if any(_is_written(file) for file in files):
                raise _written_by_another(folder)
            if any(file.stat().st_size > len(MAGIC) for file in files):
                return _renamed(folder)
            for file in files:
                file.unlink()
            folder.rmdir()
    except FileNotFoundError:  # that run has just come to its end
        pass
    return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Look at a folder while nobody else puts it aside, as far as the system lets us know."""
    try:
        import fcntl
    except ImportError:  # on Windows, where nothing is moved that somebody has opened
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _written_by_another(folder) from None
        except OSError:  # a file system without locks
            pass
        if not os.path.samestat(os.fstat(descriptor), folder.stat()):
            raise _written_by_another(folder)
        yield
    finally:
        os.close(descriptor)


def _written_by_another(folder: Path) -> FileExistsError:
    return FileExistsError(0, f"another run is writing to '{folder}'")


def _renamed(folder: Path) -> Path:
    stem = folder.name.removesuffix(SUFFIX)
    names = (folder.with_name(f"{stem}.{number}{SUFFIX}") for number in itertools.count(1))
    free = next(name for name in names if not name.exists())
    return folder.rename(free)


def _is_spool(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return MAGIC.startswith(stream.read(len(MAGIC)))


def is_under_way(folder: Path) -> bool:
    """Whether the run of a folder, which is there, may still write to it: it does, or has not yet."""
    if not folder.is_dir():
        return False
    files = list(folder.iterdir())
    return not files or any(map(_is_written, files))


def _is_written(file: Path) -> bool:
    """Whether the process whose file it is, by its name, is still there."""
    number = file.name.partition("-")[0]
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return int(number) != os.getpid()
