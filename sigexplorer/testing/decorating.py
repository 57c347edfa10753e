"""Let a context manager decorate functions of every kind: sync, async, and generators of both."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from sigexplorer.errors import UsageError

__tracebackhide__ = True

Function = TypeVar("Function")


Around = Callable[[], AbstractContextManager[Any]]

#: Makes what is around one call of a function of that name.
Make = Callable[[str], AbstractContextManager[Any]]


def decorated(function: Function, make: Make) -> Function:
    """Return ``function`` with what ``make`` makes around each call; of a generator, around its life."""
    if not callable(function) or inspect.isclass(function):
        raise UsageError(f"cannot decorate '{function!r}'", "decorate a function")
    name = getattr(function, "__qualname__", "") or type(function).__name__
    kinds: tuple[tuple[Callable[[Any], bool], Callable[[Any, Around], Any]], ...] = (
        (inspect.isasyncgenfunction, _async_generator),
        (inspect.isgeneratorfunction, _generator),
        (inspect.iscoroutinefunction, _coroutine),
    )
    wrap = next((wrap for is_it, wrap in kinds if is_it(function)), _plain)
    made: Any = functools.wraps(function)(wrap(function, functools.partial(make, name)))
    return made  # type: ignore[no-any-return] # of the same type


def _plain(function: Any, make: Around) -> Any:
    def call(*arguments: Any, **named: Any) -> Any:
        with make():
            return function(*arguments, **named)

    return call


def _coroutine(function: Any, make: Around) -> Any:
    async def call(*arguments: Any, **named: Any) -> Any:
        with make():
            return await function(*arguments, **named)

    return call


def _generator(function: Any, make: Around) -> Any:
    def generate(*arguments: Any, **named: Any) -> Any:
        with make():
            return (yield from function(*arguments, **named))

    return generate


def _async_generator(function: Any, make: Around) -> Any:
    async def generate(*arguments: Any, **named: Any) -> Any:
        with make():
            async for item in function(*arguments, **named):
                yield item

    return generate
