"""The first line of a script: with what it is run."""

from __future__ import annotations

import os
import re
import shlex

_LONGEST = 4_096

#: An interpreter in the script's own folder, so that both may be moved: ``"$(dirname …)"/'python' "$0"``.
_BESIDE = re.compile(r"""\$\(.*\)"?/'?([^'"/$ ]+)'? "\$0\"""")


def read(path: str) -> list[str] | None:
    """Return the words with which the file at ``path`` says to be run; None where it says nothing.

    The words are an interpreter and its options; ``env`` is seen through, and so is the shell
    that pip and uv put before an interpreter whose path is too long for a first line.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(_LONGEST)
    except OSError:
        return None
    if not head.startswith(b"#!"):
        return None
    first, *others = os.fsdecode(head[2:]).splitlines()
    words = first.split(maxsplit=1)
    if not words:
        return None
    if os.path.basename(words[0]) == "env":
        return _after_env(words[1:])
    if os.path.basename(words[0]) == "sh" and others and others[0].startswith("'''exec'"):
        return _after_shell(path, others[0])
    return [words[0], *(word.strip() for word in words[1:])]


def _after_env(words: list[str]) -> list[str] | None:
    """See through ``env python`` and ``env -S python -u``."""
    text = words[0].strip() if words else ""
    if text.startswith("-S"):
        return _split(text[2:]) or None
    return [text] if text else None


def _after_shell(path: str, line: str) -> list[str] | None:
    """See through the line ``'''exec' /a/long/path/python "$0" "$@"``, itself empty text to Python."""
    beside = _BESIDE.search(line)
    if beside:
        return [os.path.join(os.path.dirname(os.path.realpath(path)), beside[1])]
    return _split(line)[1:2] or None


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote that is never closed
        return []
