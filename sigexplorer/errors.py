"""How sigexplorer fails: one family, each with a message and a hint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

_SHOWN = 100  # characters of a name that was mistyped


class SigexplorerError(Exception):
    """The question was wrong; the command line shows it in one line and exits with 2.

    ``message`` says what is wrong, lower case and without a trailing dot; ``hint`` says
    what to do about it, and is empty where there is nothing to say. ``code`` is the exit
    code: 2 but where a shell has another one.
    """

    code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} ({hint})" if hint else message)  # whoever reads ``args`` gets both
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Callable[..., SigexplorerError], tuple[object, ...]]:
        """Let it go to another process: what it was made from may not be what it says."""
        return _again, (type(self), self.args, vars(self))


def _again(
    kind: type[SigexplorerError], args: tuple[object, ...], held: dict[str, object]
) -> SigexplorerError:
    made = kind.__new__(kind, *args)
    vars(made).update(held)
    return made


class UnknownNameError(SigexplorerError):
    """A signal, scenario, group or format that does not exist; ``where`` says of what it would be a part."""

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        near = ", ".join(nearest(name, known))
        shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
        super().__init__(f"unknown {kind} '{shown}'{where}", f"nearest: {near}" if near else "")


class UsageError(SigexplorerError):
    """Options that cannot be combined, or a value out of range."""


class NothingCheckedError(UsageError):
    """No file that could be checked; ``unread`` says of each that is there why, in a line."""

    def __init__(self, asked: str, unread: Sequence[str]) -> None:
        several = f"none of {len(unread)} files can be read" if unread else "there is no Python file"
        why = unread[0] if len(unread) == 1 else several
        super().__init__(
            f"nothing could be checked in {asked}: {why}", "name a Python file or a folder of them"
        )
        self.unread = tuple(unread)


class NotPythonError(UsageError):
    """A command that exists and is no Python program."""

    def __init__(self, command: str) -> None:
        super().__init__(
            f"'{command}' is not a Python program",
            "what can be traced: manage.py, python script.py, -m module, -c code, pytest and other Python"
            " commands; --follow traces the Python programs that those start",
        )


class NotFoundError(SigexplorerError):
    """A command that is not there, as a shell would say it."""

    code = 127

    def __init__(self, command: str) -> None:
        super().__init__(f"command not found: '{command}'")


class NotExecutableError(SigexplorerError):
    """A command that is there and cannot be run, as a shell would say it."""

    code = 126

    def __init__(self, command: str, why: str) -> None:
        super().__init__(f"cannot run '{command}': {why}")


class ProjectError(SigexplorerError):
    """A Django project that was not found or could not be started."""


class SetUpError(ProjectError):
    """A Django project that was found and failed while it was set up: its own code raised."""


class DatabaseUrlError(SigexplorerError):
    """A database that cannot be made, or not where it was asked for; its password is in no message."""


class OutputError(SigexplorerError):
    """A file that could not be written."""


class RecordingError(SigexplorerError):
    """A file that is no recording, or not one that this version can read."""


class NothingRecordedError(RecordingError):
    """A run of which there is no record: no Django was imported in it."""


class UnmetError(SigexplorerError):
    """A strict mute, or injected fault, that met nothing."""


class PluginError(SigexplorerError):
    """A plug-in that cannot be loaded, or does not do what it is there for."""


class SigexplorerWarning(UserWarning):
    """What a test should know: a mute that met nothing, records that were lost."""


def likeness(name: str, other: str) -> float:
    """Return how much two names are alike: 1 where only capitals differ, if anything."""
    from difflib import SequenceMatcher  # needed only here, where somebody is to wait for nothing else

    return SequenceMatcher(None, name[:200].lower(), other.lower()).ratio()


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return the ``count`` names most like ``name``, the most alike first."""
    return sorted(sorted(set(known)), key=lambda other: likeness(name, other), reverse=True)[:count]
