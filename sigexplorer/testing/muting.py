"""Keep receivers from being called, or let them fail: in this context only, and nothing is disconnected."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from django.dispatch import Signal

__tracebackhide__ = True

Function = TypeVar("Function")

#: One signal or several, each itself or its name, a glob or a %group.
Signals = Signal | str | list[Signal | str] | tuple[Signal | str, ...]


class SigexplorerWarning(UserWarning):
    """A mute or an injected fault that met nothing."""


class _Scope:
    """A context manager, sync and async, and a decorator."""

    def __enter__(self) -> Any:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None: ...

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None: ...

    def __call__(self, function: Function) -> Function:
        return function


class mute(_Scope):  # noqa: N801 - used as a verb
    """Call no receiver that fits, in the current context, until the end.

    By any of signal, sender and receiver. Other threads and tasks go on; ``sync_to_async``
    and ``async_to_sync`` carry it along. What was muted stands in a trace as muted. One that
    met nothing warns at its end, and is an error where it is ``strict``.
    """

    def __init__(
        self,
        signal: Signals | None = None,
        /,
        *,
        sender: object = ...,
        receiver: object = ...,
        strict: bool = False,
    ) -> None: ...


class only(_Scope):  # noqa: N801 - as mute
    """Call only receivers that fit, and Django's own, in the current context, until the end."""

    def __init__(
        self,
        signal: Signals | None = None,
        /,
        *,
        sender: object = ...,
        receiver: object = ...,
        strict: bool = False,
    ) -> None: ...


class inject(_Scope):  # noqa: N801 - as mute
    """Let a receiver raise, or be late, in the current context, until the end.

    ``when`` says at which call, from 1, or is asked with the arguments of each; without it,
    at every call. ``delay`` is in seconds; with ``raises`` as well it raises afterwards.
    """

    def __init__(
        self,
        receiver: object,
        /,
        *,
        raises: BaseException | type[BaseException] | None = None,
        delay: float = 0,
        when: int | Callable[..., bool] | None = None,
        signal: Signals | None = None,
        sender: object = ...,
        strict: bool = False,
    ) -> None: ...
