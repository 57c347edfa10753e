"""Where code stands: files relative to where they are imported from, never a machine's path."""

from __future__ import annotations

import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import FrameType

import asgiref
import django

from sigexplorer.model import Origin

_PLUMBING = tuple(
    str(Path(folder).resolve()) + "/"
    for folder in (
        Path(django.__file__).parent,
        Path(asgiref.__file__).parent,
        Path(__file__).parent,
    )
)
_STANDARD_LIBRARY = str(Path(sysconfig.get_path("stdlib")).resolve()) + "/"


@lru_cache(maxsize=4096)
def short(filename: str) -> str:
    """Return ``filename`` relative to the longest entry of ``sys.path`` that holds it."""
    if filename.startswith("<"):
        return filename
    folders = [str(Path(entry or ".").resolve()) for entry in sys.path]
    within = [folder for folder in folders if filename.startswith(folder.rstrip("/") + "/")]
    if not within:
        return Path(filename).name
    return filename[len(max(within, key=len).rstrip("/")) + 1 :]


@lru_cache(maxsize=4096)
def is_plumbing(filename: str) -> bool:
    """Whether a file belongs to Django, asgiref, the standard library or our capture."""
    if filename.startswith("<frozen"):
        return True
    if "site-packages" not in filename and filename.startswith(_STANDARD_LIBRARY):
        return True
    return filename.startswith(_PLUMBING)


def origin(frame: FrameType | None) -> Origin | None:
    """Return the innermost line outside Django that led to ``frame``.

    Where there is none, as in a thread of a server, it is the innermost line outside our
    capture: Django's own.
    """
    sent_from: FrameType | None = None
    while frame is not None:
        filename = frame.f_code.co_filename
        if not is_plumbing(filename):
            return _origin(frame)
        if sent_from is None and not filename.startswith(_PLUMBING[2]):
            sent_from = frame
        frame = frame.f_back
    return _origin(sent_from) if sent_from is not None else None


def _origin(frame: FrameType) -> Origin:
    code = frame.f_code
    return Origin(short(code.co_filename), frame.f_lineno, code.co_qualname)
