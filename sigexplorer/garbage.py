"""When Python looks for garbage: not while everything that is made is there to stay."""

from __future__ import annotations

import gc


def wait() -> None:
    """Look for none while modules are loaded and a project starts; a quarter of their time goes into it."""
    gc.disable()


def collect() -> None:
    """Look for garbage again, and not in what is there by now; nothing happens where nobody waits."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
