"""Words read without Typer, whose import takes longer than most answers: only what is plain.

Whatever is odd, wrong, or asks for help is left to Typer, which says what there is to say.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sigexplorer.cli.declare import REQUIRED, Argument, Option, Parameter, gathered, parameters
from sigexplorer.errors import OutputError, UsageError

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")


class _NotPlainError(Exception):
    """These words are for Typer."""


def read(
    command: Callable[..., Any], words: Sequence[str], *, interspersed: bool = True
) -> dict[str, Any] | None:
    """Return the arguments that ``words`` call ``command`` with, None where they are not plain."""
    try:
        return gathered(command, values(parameters(command), words, interspersed=interspersed))
    except _NotPlainError:
        return None


def values(declared: Sequence[Parameter], words: Sequence[str], *, interspersed: bool) -> dict[str, Any]:
    """Return a value for each parameter; of one that was not given its default."""
    given = _Given(declared)
    rest = deque(words)
    arguments: list[str] = []
    while rest:
        word = rest.popleft()
        if word == "--":
            break
        if word[:1] == "-" and len(word) > 1:
            given.take(word, rest)
        else:
            arguments.append(word)
            if not interspersed:
                break
    given.assign([*arguments, *rest])
    return given.complete()


class _Given:
    """What has been given so far."""

    def __init__(self, declared: Sequence[Parameter]) -> None:
        self._declared = declared
        self._values: dict[str, Any] = {}
        self._called: dict[str, tuple[Parameter, bool]] = {}  # by a name of it; False: it takes a flag back
        for each in declared:
            if isinstance(each.declared, Option):
                for name in each.declared.names:
                    yes, _, no = name.partition("/")
                    self._called[yes] = (each, True)
                    if no:
                        self._called[no] = (each, False)

    def take(self, word: str, rest: deque[str]) -> None:
        """Take the options that ``word`` begins with a dash for, and their values."""
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            self._note(name, value if equals else None, rest)
            return
        for place, letter in enumerate(word[1:], 2):
            if self._note(f"-{letter}", word[place:] or None, rest, grouped=True):
                return

    def assign(self, words: list[str]) -> None:
        """Give the arguments their words: one each, and all that are left to one that takes many."""
        left = deque(words)
        for each in self._declared:
            if isinstance(each.declared, Argument) and left:
                if each.many:
                    self._values[each.name] = [_read(each, word) for word in left]
                    left.clear()
                else:
                    self._values[each.name] = _read(each, left.popleft())
        if left:
            raise _NotPlainError

    def complete(self) -> dict[str, Any]:
        """Return all values."""
        if any(each.default is REQUIRED and each.name not in self._values for each in self._declared):
            raise _NotPlainError
        return {each.name: self._values.get(each.name, each.default) for each in self._declared}

    def _note(self, name: str, value: str | None, rest: deque[str], *, grouped: bool = False) -> bool:
        """Note an option, and return whether it took a value: the one attached to it, or the next word."""
        if name not in self._called:
            raise _NotPlainError
        each, yes = self._called[name]
        if each.kind is bool:
            if value is not None and not grouped:
                raise _NotPlainError
            self._values[each.name] = yes
            return False
        if value is None and not rest:
            raise _NotPlainError
        read = _read(each, rest.popleft() if value is None else value)
        self._values[each.name] = [*self._values.get(each.name, ()), read] if each.many else read
        return True


def _read(each: Parameter, word: str) -> Any:
    """Return the value that ``word`` stands for."""
    if not word:
        if each.kind is Path and isinstance(each.declared, Option):  # Typer takes it for this folder
            raise UsageError(f"{each.declared.names[-1]} '' names no file")
        raise _NotPlainError
    if each.kind is int:
        least = each.declared.least if isinstance(each.declared, Option) else None
        if not _NUMBER.fullmatch(word) or (least is not None and int(word) < least):
            raise _NotPlainError
        return int(word)
    if each.kind is Path:
        readable = not isinstance(each.declared, Argument) or each.declared.readable
        if "\0" in word or (readable and os.path.exists(word) and not os.access(word, os.R_OK)):  # noqa: PTH110
            raise _NotPlainError
        if each.name == "output" and word.endswith("/"):  # a path forgets that
            raise OutputError(f"cannot write '{word}': it names a folder")
        return Path(word)
    return word
