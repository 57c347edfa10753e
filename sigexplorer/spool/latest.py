"""Which folder of spools the last run that was traced writes to: for ``show --last``, if that was killed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sigexplorer.spool.files import SUFFIX

_NAME = "last.folder"


def cache_folder() -> Path:
    """Return the folder in which runs are kept, whether it is there or not."""
    configured = os.environ.get("XDG_CACHE_HOME", "")
    # The standard has relative ones ignored.
    return (Path(configured) if configured.startswith("/") else Path.home() / ".cache") / "sigexplorer"


def note(folder: Path) -> None:
    """Note that a run begins; where that is not possible it is no error."""
    import tempfile

    with suppress(OSError, RuntimeError, ValueError):  # no home, no room, no permission
        cache = cache_folder()
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = cache / _NAME
        descriptor, name = tempfile.mkstemp(dir=cache, prefix=f".{_NAME}.")  # nobody's link is followed
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(os.fsencode(folder.absolute()))
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)


def forget() -> None:
    """Note that the run came to its end."""
    with suppress(OSError, RuntimeError, ValueError):
        (cache_folder() / _NAME).unlink(missing_ok=True)


def left_behind(than: Path) -> Path | None:
    """Return the folder of the last run, if that has not come to its end and is newer than a file."""
    with suppress(OSError, RuntimeError, ValueError):
        folder = Path(os.fsdecode((cache_folder() / _NAME).read_bytes()))
        if folder.name.endswith(SUFFIX) and is_newer(folder, than):
            return folder
    return None


def is_newer(folder: Path, than: Path) -> bool:
    """Whether a folder holds something that was written later than a file, or there is no such file."""
    try:
        latest = max(
            (file.stat().st_mtime_ns for file in folder.iterdir() if file.stat().st_size), default=None
        )
    except OSError:
        return False
    if latest is None:
        return False
    try:
        return latest > than.stat().st_mtime_ns
    except OSError:
        return True
