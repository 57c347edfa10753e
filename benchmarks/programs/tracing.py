"""What the programs beside this file share: the demo, set up with its tables, and the tracer of ``trace``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import process_time_ns
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "demo.settings"

import django

django.setup()

from django.core.management import call_command

from sigexplorer.capture.recorder import Recorder

#: What a dispatch of a model says.
SAVED: dict[str, Any] = {"created": True, "update_fields": None, "raw": False, "using": "default"}


def build_tables() -> None:
    """Have every table of the demo."""
    call_command("migrate", verbosity=0)


@contextmanager
def traced(*, inits: bool = False, origins: bool = False, leave_out: Sequence[str] = ()) -> Iterator[None]:
    """Record to disk whatever is sent inside, as ``sigexplorer trace`` does."""
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(Path(folder), "benchmark", inits=inits, origins=origins, leave_out=leave_out)
        recorder.start()
        try:
            yield
        finally:
            recorder.stop()


def timed(work: Callable[[], object]) -> int:
    """Return the nanoseconds of CPU that ``work`` takes."""
    began = process_time_ns()
    work()
    return process_time_ns() - began


def resident() -> int:
    """Return the bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
