"""What a shell may offer for an argument, without Typer: it asks at every press of a key.

Only where the words before are plain, and what is completed is an argument that has names
to offer; all else, also the scripts for the shells themselves, is Typer's.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable

from sigexplorer.cli.commands import find
from sigexplorer.cli.declare import Argument, Completer, parameters

#: The variable in which the scripts that Typer installs say what they want.
ASKED = "_SIGEXPLORER_COMPLETE"

#: A name that means the same to every shell.
_PLAIN = re.compile(r"[\w.-]+")

#: Words that are complete, and the beginning of the one that is not.
_Typed = tuple[list[str], str]


def offered() -> tuple[str, int] | None:
    """Return what to print and the exit code, None where Typer is to answer."""
    shell = os.environ.get(ASKED, "").removeprefix("complete_")
    if shell not in _SHELLS:
        return None
    words, written = _SHELLS[shell]
    try:
        typed, incomplete = words()
    except (KeyError, ValueError, IndexError):  # said by Typer
        return None
    completer = _completer(typed, incomplete)
    names = completer(incomplete) if completer else ["\0"]
    return written(names) if all(map(_PLAIN.fullmatch, names)) else None


def _completer(typed: list[str], incomplete: str) -> Completer | None:
    """Return what completes the next word, where that is an argument."""
    command = find(typed[0]) if typed else None
    if command is None or incomplete[:1] in ("-", "=") or any(word[:1] in ("", "-") for word in typed):
        return None
    arguments = [each for each in parameters(command.load()) if isinstance(each.declared, Argument)]
    for number, each in enumerate(arguments, 1):
        if each.many or number >= len(typed):
            return each.declared.complete
    return None


def _from_bash() -> _Typed:
    words, place = _split(os.environ["COMP_WORDS"]), int(os.environ["COMP_CWORD"])
    return words[1:place], words[place] if place < len(words) else ""


def _from_line() -> _Typed:
    """Return the words of zsh and fish, which hand over the line up to the cursor."""
    line = os.environ["_TYPER_COMPLETE_ARGS"]
    words = _split(line)[1:]
    return (words[:-1], words[-1]) if words and not line.endswith(" ") else (words, "")


def _split(line: str) -> list[str]:
    return shlex.split(line)  # raises where a quotation is open


def _lines(names: list[str]) -> tuple[str, int]:
    return "".join(f"{name}\n" for name in names) or "\n", 0


def _zsh(names: list[str]) -> tuple[str, int]:
    listed = "\n".join(f'"{name}"' for name in names)
    return (f"_arguments '*: :(({listed}))'\n" if names else "_files\n"), 0


def _fish(names: list[str]) -> tuple[str, int]:
    if os.environ.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        return "", 0 if names else 1
    return _lines(names)


#: How each shell tells what was typed, and how it is answered.
_SHELLS: dict[str, tuple[Callable[[], _Typed], Callable[[list[str]], tuple[str, int]]]] = {
    "bash": (_from_bash, _lines),
    "zsh": (_from_line, _zsh),
    "fish": (_from_line, _fish),
}
