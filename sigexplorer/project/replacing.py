"""What takes the place of a traced program by ``os.exec*``: whether it is traced, and what it is called."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sigexplorer.masking import command_line
from sigexplorer.project.children import STARTUP, VARIABLE
from sigexplorer.project.program import interpreter, resolve

#: Options with which Python does not begin with ``sitecustomize``, or not with ours.
_DEAF = {"-E", "-I", "-S"}

#: What ``os.execve`` calls what it is given.
_NAMES = ("path", "argv", "env")


def is_complete(function: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> bool:
    """Whether ``os.execv`` or ``os.execve`` takes these arguments: there is none that may be left out."""
    if function != "execve":
        return len(arguments) == len(_NAMES) - 1 and not named
    given = {**dict(zip(_NAMES, arguments, strict=False)), **named}
    return len(arguments) + len(named) == len(given) == len(_NAMES) and given.get("env") is not None


@dataclass(frozen=True, slots=True)
class Replacement:
    """What ``os.execv`` and ``os.execve`` are given, which are called by these names."""

    path: Any
    argv: Any
    env: Any = None

    @property
    def is_followed(self) -> bool:
        """Whether it is a Python program that will begin with our startup, as far as can be known."""
        try:
            variables = os.environ if self.env is None else self.env
            if VARIABLE not in variables or variables["PYTHONPATH"].split(os.pathsep)[0] != STARTUP:
                return False
            path = os.path.abspath(os.fsdecode(self.path))  # noqa: PTH100 - a link to Python tells whose it is
            program = resolve([path, *map(os.fsdecode, self.argv[1:])])
            return not _DEAF.intersection(interpreter.parse(program.command[1:]).options)
        except Exception:  # noqa: BLE001 - what is no program of this environment, or no program at all
            return False

    def told(self, *, follow: bool) -> str:
        """Return what is to be known of a program that is not followed."""
        command = command_line([os.fsdecode(word) for word in self.argv])
        hint = "" if follow else "; --follow traces Python programs"
        return f"the program goes on as '{command}' (os.exec), which is not traced{hint}"

    def arguments(self, state: str = "") -> tuple[Any, ...]:
        """Return what to call the function with, which hands on ``state`` if there is one."""
        if not state and self.env is None:
            return self.path, self.argv
        held: Mapping[Any, Any] = os.environ if self.env is None else self.env
        return self.path, self.argv, {**held, VARIABLE: state} if state else held
