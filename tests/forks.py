"""The command in a process of its own that has imported everything already: a fork of one that waits.

For what needs a Django that is not set up yet, and where it is not the start of the process that counts:
what it imports takes longer than most of what is asked.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processes import TIMEOUT_SECONDS, Answer, environment

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Imports what commands import, but for what connects receivers that tests look at; then waits to be asked.
SERVER = """
import importlib, json, os, pkgutil, runpy, socket, sys
import sigexplorer, django.db.models, django.db.backends.sqlite3.base, django.core.management
for folder in ("capture", "catalog", "checks", "cli", "project", "show", "spool"):
    for each in pkgutil.iter_modules([os.path.join(sigexplorer.__path__[0], folder)]):
        if not each.ispkg and each.name != "transforming":
            importlib.import_module(f"sigexplorer.{folder}.{each.name}")
assert "django.test" not in sys.modules
stdlib = [each for each in sys.path if each not in ("", os.environ["PYTHONPATH"])]
ours = socket.socket(fileno=int(sys.argv[1]))
while True:
    asked, descriptors, _, _ = socket.recv_fds(ours, 1 << 16, 3)
    while asked and not asked.endswith(b"\\n"):
        asked += ours.recv(1 << 16)
    if not asked:
        os._exit(0)
    child = os.fork()
    if not child:
        break
    for each in descriptors:
        os.close(each)
    _, status = os.waitpid(child, 0)
    ours.sendall(b"%d\\n" % os.waitstatus_to_exitcode(status))
ours.close()
for number, each in enumerate(descriptors):
    os.dup2(each, number)
    os.close(each)
arguments, folder, variables = json.loads(asked)
os.chdir(folder)
os.environ.clear()
os.environ.update(variables)
sys.path[:] = [os.getcwd(), *os.environ["PYTHONPATH"].split(os.pathsep), *stdlib]
sys.argv = ["sigexplorer", *arguments]
runpy.run_module("sigexplorer", run_name="__main__", alter_sys=True)
"""


@functools.cache
def _server() -> socket.socket:
    """Start the process that forks, and return what it is asked through."""
    ours, theirs = socket.socketpair()
    ours.settimeout(TIMEOUT_SECONDS)
    with theirs:
        words = [sys.executable, "-c", SERVER, str(theirs.fileno())]
        process = subprocess.Popen(words, env=environment(), pass_fds=[theirs.fileno()])  # noqa: S603

    def end() -> None:
        ours.close()
        process.wait(TIMEOUT_SECONDS)

    atexit.register(end)
    return ours


def forked(*arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Answer:
    """Run the command to its end, as ``processes.sigexplorer`` does."""
    server = _server()
    asked: Any = [arguments, str(cwd or Path.cwd()), environment(env)]
    with contextlib.ExitStack() as files:
        out, err = (files.enter_context(tempfile.TemporaryFile()) for _ in range(2))
        nothing = files.enter_context(Path("/dev/null").open("rb"))
        line = json.dumps(asked).encode() + b"\n"
        sent = socket.send_fds(server, [line], [each.fileno() for each in (nothing, out, err)])
        server.sendall(line[sent:])
        code = b""
        while not code.endswith(b"\n"):
            part = server.recv(100)
            assert part, "the process that forks has ended"
            code += part
        for file in (out, err):
            file.seek(0)
        return Answer(int(code), out.read().decode("utf-8"), err.read().decode("utf-8"))
