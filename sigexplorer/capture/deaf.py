"""Who is told of what a method does that is called on no signal."""

from __future__ import annotations

from typing import Any


class Deaf:
    """Told of nothing: what is called is no signal, though its class has a method of signals."""

    depth = 0

    def enter(self) -> None:
        """Do nothing."""

    def calling(self, _site: int, function: Any, _certain: bool) -> Any:  # noqa: FBT001 - from the method
        """Return what is about to be called."""
        return function

    def about(self, _site: int, argument: Any) -> Any:
        """Return the argument."""
        return argument

    called = about

    def raised(self, sites: tuple[int, ...]) -> None:
        """Do nothing."""

    def iterating(self, things: Any) -> Any:
        """Return what is gone through."""
        return things

    answered = iterating


DEAF = Deaf()
