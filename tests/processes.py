"""The command in a process of its own: in a pipe, on a terminal, with fewer rights."""

from __future__ import annotations

import ctypes
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_SECONDS = 60

#: What would make an answer look different, and what the machine's own Django says.
_FOREIGN = {
    "COLUMNS",
    "COLORTERM",
    "DJANGO_SETTINGS_MODULE",
    "FORCE_COLOR",
    "LINES",
    "NO_COLOR",
    "PYTHONIOENCODING",
    "PYTHONPATH",
    "TERM",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said, where, and with which exit code."""

    code: int
    out: str
    err: str


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a plain shell, with our package to be found, and ``more``."""
    kept = {name: held for name, held in os.environ.items() if name not in _FOREIGN}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"} | dict(more or {})


def command(*arguments: str) -> list[str]:
    """Return how the command is started."""
    return [sys.executable, "-m", "sigexplorer", *arguments]


def start(*arguments: str, env: Mapping[str, str] | None = None, **more: Any) -> subprocess.Popen[str]:
    """Start the command; its output is read through pipes."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command(*arguments), env=environment(env), **{**pipes, **more})  # noqa: S603


def sigexplorer(*arguments: str, env: Mapping[str, str] | None = None, **more: Any) -> Answer:
    """Run the command to its end."""
    with start(*arguments, env=env, stdin=subprocess.DEVNULL, encoding="utf-8", **more) as process:
        out, err = process.communicate(timeout=TIMEOUT_SECONDS)
    return Answer(process.returncode, out, err)


def python(program: str, *arguments: str, timeout: int = TIMEOUT_SECONDS, **more: Any) -> Answer:
    """Run a program that uses the package."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        **more,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def terminal(*arguments: str, env: Mapping[str, str] | None = None, columns: int = 80) -> Answer:
    """Run the command on a terminal, which shows both its streams."""
    ours, theirs = pty.openpty()
    size = {"TERM": "xterm-256color", "COLUMNS": str(columns)}
    with subprocess.Popen(  # noqa: S603 - our own command
        command(*arguments),
        env=environment({**size, **(env or {})}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        while part := _read(ours):
            shown += part
        code = process.wait(TIMEOUT_SECONDS)
    os.close(ours)
    return Answer(code, shown.decode().replace("\r\n", "\n"), "")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # how Linux says that the other end of a terminal is closed
        return b""


def unprivileged() -> Callable[[], None] | None:
    """Return what makes a new process obey permissions although its user is root; None for others."""
    if os.geteuid() != 0:
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    drop, override, search = 24, 1, 2  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH

    def obey() -> None:
        for capability in (override, search):
            if libc.prctl(drop, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "permissions cannot be made to hold for root here")

    return obey


def is_svg(text: str) -> bool:
    """Tell whether a text is a well-formed picture."""
    return ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - we wrote it a moment ago
