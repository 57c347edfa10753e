"""Where trace's own words end and the command begins; without Typer, which the command would see."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def split(words: Sequence[str], valued: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the options among ``words``, and the command that follows them.

    The command begins after the first ``--``; without one, with the first word that is neither
    an option nor the value of one. ``valued`` are the options that have a value: ``-e``, ``--min``.
    What is no option of ours is an option all the same: whoever reads them says so.
    """
    position = 0
    while position < len(words):
        word = words[position]
        if word == "--":
            return list(words[:position]), list(words[position + 1 :])
        if word == "-" or not word.startswith("-"):
            break
        position += 2 if _wants_next(word, valued) else 1
    return list(words[:position]), list(words[position:])


def _wants_next(word: str, valued: Collection[str]) -> bool:
    """Tell whether an option's value is the next word: of ``-e``, ``-ve``, ``--min``; not of ``-ex``."""
    if word.startswith("--"):
        return word in valued
    takers = [place for place, letter in enumerate(word) if place and f"-{letter}" in valued]
    return bool(takers) and takers[0] == len(word) - 1
