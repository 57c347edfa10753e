"""The console of standard output."""

from __future__ import annotations

from rich.console import Console


class StandardOutput(Console):
    """A console whose reader may stop reading: that is no error, and ``cli.run`` ends quietly."""

    def on_broken_pipe(self) -> None:
        """Raise what it is."""
        raise BrokenPipeError
