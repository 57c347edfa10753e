"""Python's own command line, and which Python this is."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from sigexplorer.errors import UsageError
from sigexplorer.project.program.what import Kind, Program

_NAME = re.compile(r"(?:python|pypy)(?P<version>\d+(?:\.\d+)?)?t?(?:\.exe)?")

_FLAGS = frozenset("bBdEIOPqRsuv")
_REFUSED = {
    "i": "it waits for what is typed",
    "S": "it hides the installed packages, sigexplorer among them",
    "x": "it leaves out the first line",
}


#: What stands in the folder of a virtual environment, and of one of conda's.
_SIGNS = ("pyvenv.cfg", "conda-meta")


@dataclass(frozen=True, slots=True)
class Line:
    """Python's command line: its options one by one, and what it is to run.

    ``kind`` is None where there is nothing to run.
    """

    options: tuple[str, ...]
    kind: Kind | None = None
    target: str = ""
    arguments: tuple[str, ...] = ()


def names_python(word: str) -> bool:
    """Tell whether a word, a name or a path, is what Python is called."""
    return _NAME.fullmatch(os.path.basename(word)) is not None


def parse(words: Sequence[str]) -> Line:
    """Take the words after ``python`` apart, as Python does; ``UsageError`` where that cannot be traced."""
    rest = list(words)
    options: list[str] = []
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            options += _long(word, rest)
            continue
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in "cmWX":
                value, letters = letters or _next(f"-{letter}", rest), ""
                if letter in "cm":
                    return Line(tuple(options), Kind(f"-{letter}"), value, tuple(rest))
                options.append(f"-{letter}{value}")
            elif letter in _FLAGS:
                options.append(f"-{letter}")
            else:
                raise _cannot(f"-{letter}", _REFUSED.get(letter, "it runs no program"))
    if not rest:
        return Line(tuple(options))
    if rest[0] == "-":
        raise UsageError("a program that is read from stdin cannot be traced", "write it to a file")
    return Line(tuple(options), Kind.SCRIPT, rest[0], tuple(rest[1:]))


def _long(word: str, rest: list[str]) -> list[str]:
    if word != "--check-hash-based-pycs":
        raise _cannot(word, "it runs no program")
    return [word, _next(word, rest)]


def _next(option: str, rest: list[str]) -> str:
    if not rest:
        raise UsageError(f"python's option '{option}' lacks its value")
    return rest.pop(0)


def _cannot(option: str, why: str) -> UsageError:
    return UsageError(f"python's option '{option}' cannot be traced: {why}", "leave it out")


def lacking(options: Sequence[str]) -> tuple[str, ...]:
    """Return which of ``options`` this interpreter was not started with."""
    try:
        own = list(parse(sys.orig_argv[1:]).options)
    except UsageError:  # Python inside of something else, which has a command line of its own
        own = []
    lacks = []
    for option in options:
        if option in own:
            own.remove(option)
        else:
            lacks.append(option)
    return tuple(lacks)


def restart(program: Program) -> None:
    """Start this process anew with what ``program`` needs and Python takes only as it starts.

    The process keeps its number, its streams and its arguments. Returns where nothing is lacking.
    """
    if not program.options and not program.variables:
        return
    if os.name == "nt":  # there, a process that execs has ended for whoever waits for it
        lacking_words = [*(f"{name}=" for name, _ in program.variables), *program.options]
        raise UsageError(
            f"'{lacking_words[0]}' is known to Python only as it starts",
            "start sigexplorer itself with it: python OPTIONS -m sigexplorer trace",
        )
    command = [sys.executable, *program.options, *sys.orig_argv[1:]]
    os.execve(sys.executable, command, os.environ | dict(program.variables))  # noqa: S606 - no shell is meant


def check_version(word: str) -> None:
    """Raise ``UsageError`` where ``python3.12`` is asked for and this is another one."""
    match = _NAME.fullmatch(os.path.basename(word))
    asked = (match["version"] if match else None) or ""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if asked and not f"{own}.".startswith(f"{asked}."):
        raise UsageError(
            f"'{word}' is not the Python {own} that sigexplorer runs in",
            "install sigexplorer for it and trace from there",
        )


def environment_of(command: str) -> tuple[str, bool]:
    """Return what tells an interpreter's environment from others, and whether somebody made it on purpose."""
    folder = os.path.dirname(os.path.abspath(command))
    for prefix in (os.path.dirname(folder), folder):
        if any(os.path.exists(os.path.join(prefix, sign)) for sign in _SIGNS):
            return os.path.realpath(prefix), True
    return os.path.realpath(command), False


def own_environment() -> tuple[str, bool]:
    """Return the environment that this process runs in."""
    return environment_of(sys.executable)


def foreign(what: str, interpreter: str) -> UsageError:
    """Return the error for a program of an environment that is not this one."""
    return UsageError(
        f"'{what}' belongs to another Python environment: {interpreter}",
        "install sigexplorer there and run that one",
    )
