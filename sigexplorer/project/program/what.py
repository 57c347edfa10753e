"""What a program is: the result of making out a command, and all that running it needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How Python is told what to run."""

    SCRIPT = "script"  # a file, or a directory or an archive that holds __main__.py
    MODULE = "-m"
    CODE = "-c"


@dataclass(frozen=True, slots=True)
class Program:
    """A Python program and the words it is to see.

    ``target`` is the path, the module's name or the code; ``arguments`` are what follows it.
    ``command`` are the words with which plain Python would have been started: what the
    program finds in ``sys.orig_argv``. ``options`` are the interpreter's options and
    ``variables`` the environment that this process lacks, see ``restart``.
    """

    kind: Kind
    target: str
    arguments: tuple[str, ...]
    command: tuple[str, ...]
    options: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def argv(self) -> list[str]:
        """``sys.argv`` as the program begins."""
        first = self.target if self.kind is Kind.SCRIPT else self.kind.value
        return [first, *self.arguments]
