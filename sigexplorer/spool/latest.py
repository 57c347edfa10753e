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


def note(folder: Path) -> Path | None:
    """Note that a run begins, and return what was noted before; where it is not possible it is no error."""
    import tempfile

    before = None
    with suppress(OSError, RuntimeError, ValueError):  # no home, no room, no permission
        cache = cache_folder()
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = _noted()
        descriptor, name = tempfile.mkstemp(dir=cache, prefix=f".{_NAME}.")  # nobody's link is followed
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(os.fsencode(folder.absolute()))
            temporary.replace(cache / _NAME)
        finally:
            temporary.unlink(missing_ok=True)
    return before


def forget(folder: Path, before: Path | None) -> None:
    """Note that a run came to its end: the one ``before`` may go on; what another has noted since stays."""
    from sigexplorer.spool.taking import is_under_way

    with suppress(OSError, RuntimeError, ValueError):
        if _noted() != folder.absolute():
            return
        if before is not None and is_under_way(before):
            note(before)
        else:
            (cache_folder() / _NAME).unlink(missing_ok=True)


def _noted() -> Path | None:
    try:
        return Path(os.fsdecode((cache_folder() / _NAME).read_bytes()))
    except OSError:
        return None


def left_behind(than: Path) -> Path | None:
    """Return the folder of the last run, if that has not come to its end and is newer than a file."""
    with suppress(OSError, RuntimeError, ValueError):
        folder = _noted()
        if folder is not None and folder.name.endswith(SUFFIX) and is_newer(folder, than):
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
