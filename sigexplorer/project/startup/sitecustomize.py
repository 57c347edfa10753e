"""The first thing that a followed Python program imports; see sigexplorer/project/children.py.

Not part of the package's imports: its folder stands first on PYTHONPATH, so that Python's own
start finds this file. It leaves no trace of itself, and hands on to the environment's real
sitecustomize. Any Python may meet it, also one from long ago: only what all of them understand.
"""

import os
import sys


def _start(folder):
    with open(os.path.join(folder, "begin.py")) as file:
        exec(file.read(), {"state": os.environ.get("SIGEXPLORER_CHILD", "")})


def _vanish(folder):
    sys.path[:] = [path for path in sys.path if path != folder]
    sys.path_importer_cache.pop(folder, None)
    sys.modules.pop("sitecustomize", None)


_here = os.path.dirname(os.path.abspath(__file__))
_vanish(_here)
try:
    _start(_here)
except Exception:  # whatever it is, it is not the program's fault
    pass

# Where there is no real one, this ends as the import of a module that is not there.
import sitecustomize  # noqa: E402, F401
