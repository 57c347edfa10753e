"""The commands: what each is called, and where its function is, imported when it is wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the program."""

    name: str
    place: str  # module:function in this package
    interspersed: bool = True  # whether options may follow the first argument
    long: bool = False  # whether it works through as much as it is given, and makes garbage from the first

    def load(self) -> Callable[..., int | None]:
        """Return its function: it takes what it declares, and returns the exit code."""
        module, _, function = self.place.partition(":")
        found: Callable[..., int | None] = getattr(import_module(f"sigexplorer.cli.{module}"), function)
        return found


#: In the order of the help.
COMMANDS = (
    Command("list", "listing:list_signals"),
    Command("docs", "docs:docs"),
    Command("trigger", "trigger:trigger"),
    Command("scenario", "scenario:scenario"),
    Command("trace", "trace:trace", interspersed=False),
    Command("show", "show:show", long=True),
    Command("diff", "diff:diff", long=True),
    Command("receivers", "receivers:receivers"),
    Command("explain", "explain:explain"),
    Command("why", "why:why"),
    Command("lock", "lock:lock"),
    Command("check", "check:check", long=True),
)


def find(name: str) -> Command | None:
    """Return the command of that name."""
    return next((command for command in COMMANDS if command.name == name), None)
