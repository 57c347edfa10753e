"""One Django for every test of the process: the bundled project, started in it."""

from __future__ import annotations

import sys
from pathlib import Path

from sigexplorer.playground import runs

sys.path.append(str(Path(__file__).parents[1] / "capture"))  # its random programs, and how they are observed

# Now, because the tests import its models; whoever comes second finds it running.
with runs.open_playground(listen=True):
    pass
