"""Signals in tests and programs: record them, assert on them, mute them, let them fail.

``trace`` records what is sent while it is open, ``mute`` and ``only`` keep receivers from
being called, ``inject`` lets one fail or be late. All of them are context managers, sync and
async, and decorators.
"""

# A failed assertion, or a wrong name, points to the test and not to us: pytest obeys this.
__tracebackhide__ = True

from sigexplorer.testing.connected import assert_connected
from sigexplorer.testing.mixin import SignalsMixin
from sigexplorer.testing.muting import SigexplorerWarning, inject, mute, only
from sigexplorer.testing.recording import Traced, trace

__all__ = [
    "SigexplorerWarning",
    "SignalsMixin",
    "Traced",
    "assert_connected",
    "inject",
    "mute",
    "only",
    "trace",
]
