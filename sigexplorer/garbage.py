"""When Python looks for garbage: not while everything that is made is there to stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: What Python 3.12 leaves out from the beginning.
_AT_START = gc.get_freeze_count()


def wait() -> None:
    """Look for none while modules are loaded and a project starts; a quarter of their time goes into it."""
    gc.disable()


@contextmanager
def waiting() -> Iterator[None]:
    """Look for none inside, and afterwards as before: of what is made there, much lives and nothing dies."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def passing_over() -> Iterator[None]:
    """Look for none in what is there by now, and afterwards everywhere again, as the program expects."""
    if gc.get_freeze_count() > _AT_START:  # the program has done so itself
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def settle() -> None:
    """Look for garbage no more in what is there by now."""
    gc.freeze()


def collect() -> None:
    """Look for garbage again, and not in what is there by now; nothing happens where nobody waits."""
    if not gc.isenabled():
        settle()
        gc.enable()
