"""Texts in pieces, each with its style, before it is known whether Rich draws them or nobody sees colours.

A style is what Rich calls so, as text: ``bold green``, ``not bold dim``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sigexplorer.show.views.padding import width_of
from sigexplorer.show.views.piped import UNLIMITED, Piped

if TYPE_CHECKING:
    from rich.text import Text


class Phrase(Piped):
    """A text whose pieces have styles of their own, on top of its style."""

    __slots__ = ("_style", "pieces")

    def __init__(self, text: str = "", style: str = "") -> None:
        self._style = style
        self.pieces = [(text, style)] if text else []  # texts and their styles

    @property
    def plain(self) -> str:
        """The text without styles."""
        return "".join([text for text, _ in self.pieces])

    def __bool__(self) -> bool:
        return bool(self.pieces)

    def append(self, text: str, style: str = "") -> Phrase:
        """Add a piece, and return the phrase."""
        if text:
            self.pieces.append((text, f"{self._style} {style}".strip()))
        return self

    def __rich__(self) -> Text:
        """Return it as Rich draws it."""
        return self.styled()

    def styled(self) -> Text:
        """Return it as Rich has texts."""
        from rich.text import Text

        return Text.assemble(*self.pieces)

    def text(self) -> str | None:
        """Return its lines, None where Rich would break one."""
        lines = self.plain.split("\n")
        if any(width_of(line) > UNLIMITED for line in lines):
            return None
        return "".join(f"{line.rstrip()}\n" for line in lines)

    @classmethod
    def joined(cls, separator: str, phrases: Iterable[Phrase]) -> Phrase:
        """Return phrases as one, with ``separator`` between two."""
        whole = cls()
        for place, phrase in enumerate(phrases):
            whole.append(separator if place else "")
            whole.pieces += phrase.pieces
        return whole
