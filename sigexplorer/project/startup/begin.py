"""Begin to trace a process that a traced one started; run with ``state``, see children.py.

Run by its text, by whatever Python was started: only what all of them understand. Where
sigexplorer or what it needs is not there, nothing happens.
"""

try:
    import json
    import os
    import sys

    _told = json.loads(state)  # noqa: F821 - given by who runs this
    if not _told["all"]:  # this process alone: what it starts is not to know of us
        os.environ.pop("SIGEXPLORER_CHILD", None)
        _paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        if _paths[0] == _told["startup"]:
            os.environ["PYTHONPATH"] = os.pathsep.join(_paths[1:])
            if not _paths[1:]:
                del os.environ["PYTHONPATH"]
    if sys.version_info >= (3, 11):
        # A checkout that is not installed is found too, but never from another environment.
        _add = sys.prefix == _told["prefix"] and _told["root"] not in sys.path
        if _add:
            sys.path.append(_told["root"])
        try:
            import sigexplorer.project.tracing
        finally:
            if _add:
                sys.path.remove(_told["root"])
        if sigexplorer.__version__ == _told["version"]:
            sigexplorer.project.tracing.begin(state)  # noqa: F821
except Exception:  # whatever it is, it is not the program's fault
    pass
