"""The real clock, also where a test has stopped the one that everybody uses.

freezegun puts another function in the place of each of ``time``'s, in whatever module holds it. What
we hold are the functions of a ``time`` of our own, which cost the same. time-machine changes what some
of them do, in C, and so ours: by it ``now`` says the time that a test has set, while ``clock`` and
``monotonic``, which it leaves alone, go on.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from importlib.util import find_spec, module_from_spec
from types import ModuleType


def _own() -> ModuleType:
    spec = find_spec("time")
    if spec is None or spec.loader is None:
        return time
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


_time = _own()

#: Nanoseconds since some moment.
clock = _time.perf_counter_ns

#: Seconds since some moment.
monotonic = _time.monotonic


def now() -> str:
    """Return what time it is, in UTC."""
    moment = datetime.fromtimestamp(_time.time(), UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
