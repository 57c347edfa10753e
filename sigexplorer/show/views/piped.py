"""Drawings that know what they read as where nobody looks: that needs nothing of Rich."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

#: Columns where nobody says how many: what a script reads must not be wrapped.
UNLIMITED = 10_000


class OnlyRichError(Exception):
    """Not all is as plain as it is taken for where Rich is left out."""


class Piped:
    """A drawing that may be had as text: without colours and links, in lines as long as they like."""

    __slots__ = ()

    def __rich__(self) -> RenderableType:
        """Return it as Rich draws it."""
        raise NotImplementedError

    def text(self) -> str | None:
        """Return what it reads as on ``UNLIMITED`` columns, None where only Rich can tell."""
        raise NotImplementedError


class Together(Piped):
    """Several drawings, one below the other; an empty text is an empty line."""

    def __init__(self, *parts: Any) -> None:
        self._parts = parts

    def __rich__(self) -> RenderableType:
        """Return them as Rich draws them."""
        from rich.console import Group

        return Group(*self._parts)

    def text(self) -> str | None:
        """Return what they read as, None where there is one that only Rich can tell."""
        told = [_text(part) for part in self._parts]
        known = [each for each in told if each is not None]
        return "".join(known) if len(known) == len(told) else None


def _text(part: Any) -> str | None:
    if part == "":
        return "\n"
    return part.text() if isinstance(part, Piped) else None
