"""What a command takes, declared once: ``typed`` tells Typer of it, ``plain`` reads it without Typer.

A command is a function whose parameters are annotated with an ``Option`` or an ``Argument``;
one annotated with a dataclass stands for all of its fields, which are declared the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from inspect import signature
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

#: Returns what a shell may offer for the beginning of a word.
Completer = Callable[[str], list[str]]

#: Stands for the default of what must be given.
REQUIRED = MISSING


class Option:
    """An option: what it is called, and what its line of help says."""

    def __init__(
        self,
        *names: str,
        help: str,  # noqa: A002 - as Typer calls it
        metavar: str | None = None,
        least: int | None = None,
        complete: Completer | None = None,
    ) -> None:
        self.names = names  # of a flag that can be taken back "--listen/--no-listen"
        self.help = help
        self.metavar = metavar
        self.least = least  # of a number
        self.complete = complete


class Argument:
    """A word, or words, without an option before them."""

    def __init__(
        self,
        *,
        help: str,  # noqa: A002 - as Typer calls it
        metavar: str | None = None,
        readable: bool = True,
        complete: Completer | None = None,
    ) -> None:
        self.help = help
        self.metavar = metavar
        self.readable = readable  # whether a file that is there must be; if not, the command says so itself
        self.complete = complete


@dataclass(frozen=True, slots=True)
class Parameter:
    """One option or argument of a command."""

    name: str
    annotation: Any  # such as list[str] | None
    declared: Option | Argument
    default: Any  # REQUIRED where it must be given
    group: str | None = None  # the parameter of the command that stands for it and others

    @property
    def kind(self) -> type:
        """The type of one value: bool, int, str or Path."""
        bare = _without_none(self.annotation)
        found: type = get_args(bare)[0] if self.many else bare
        return found

    @property
    def many(self) -> bool:
        """Whether it may be given more than once."""
        return get_origin(_without_none(self.annotation)) is list


def parameters(command: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Return everything that a command takes, in the order of its help."""
    found: list[Parameter] = []
    hints = get_type_hints(command, include_extras=True)
    for name, each in signature(command).parameters.items():
        if is_dataclass(hints[name]):
            found += _fields(hints[name], name)
        else:
            default = REQUIRED if each.default is each.empty else each.default
            found.append(_parameter(name, hints[name], default))
    return tuple(found)


def gathered(command: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments to call ``command`` with, given a value for each of its ``parameters``."""
    hints = get_type_hints(command, include_extras=True)
    groups = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    inner = {field.name for kind in groups.values() for field in fields(kind)}
    made: dict[str, Any] = {
        name: kind(**{field.name: given[field.name] for field in fields(kind)})  # type: ignore[operator]
        for name, kind in groups.items()
    }
    return {**{name: value for name, value in given.items() if name not in inner}, **made}


def _fields(group: Any, name: str) -> list[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [_parameter(each.name, hints[each.name], each.default, name) for each in fields(group)]


def _parameter(name: str, hint: Any, default: Any, group: str | None = None) -> Parameter:
    return Parameter(name, hint.__origin__, hint.__metadata__[0], default, group)


def _without_none(annotation: Any) -> Any:
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    return kinds[0] if NoneType in get_args(annotation) else annotation
