"""Let a context manager decorate functions of every kind: sync, async, and generators of both."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from sigexplorer.capture import words
from sigexplorer.errors import UsageError

__tracebackhide__ = True

Function = TypeVar("Function")


Around = Callable[[], AbstractContextManager[Any]]

#: Makes what is around one call of a function of that name.
Make = Callable[[str], AbstractContextManager[Any]]


#: Makes what is around each piece of a generator's life, of what was entered around all of it.
Step = Callable[[Any], AbstractContextManager[Any]]


def decorated(function: Function, make: Make, step: Step = nullcontext) -> Function:
    """Return ``function`` with what ``make`` makes around each call.

    Of a generator it is around its life, and ``step`` around each piece of it: while it is
    suspended, the code that runs is not its own.
    """
    if not callable(function) or inspect.isclass(function):
        raise UsageError(f"'{words.value(function)}' cannot be decorated", "decorate a function")
    name = getattr(function, "__qualname__", "") or type(function).__name__
    around = functools.partial(make, name)
    if inspect.isasyncgenfunction(function):
        call = _async_generator(function, around, step)
    elif inspect.isgeneratorfunction(function):
        call = _generator(function, around, step)
    elif inspect.iscoroutinefunction(function):
        call = _coroutine(function, around)
    else:
        call = _plain(function, around)
    made: Any = functools.wraps(function)(call)
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


def _generator(function: Any, make: Around, step: Step) -> Any:
    def generate(*arguments: Any, **named: Any) -> Any:
        with make() as entered:
            return (yield from _Stepped(function(*arguments, **named), lambda: step(entered)))

    return generate


class _Stepped(Generator[Any, Any, Any]):
    """A generator with something around each piece of its life."""

    def __init__(self, generator: Generator[Any, Any, Any], step: Around) -> None:
        self._generator = generator
        self._step = step

    def send(self, value: Any) -> Any:
        with self._step():
            return self._generator.send(value)

    def throw(self, *error: Any) -> Any:
        with self._step():
            return self._generator.throw(*error)

    def close(self) -> None:
        with self._step():
            self._generator.close()


def _async_generator(function: Any, make: Around, step: Step) -> Any:
    async def generate(*arguments: Any, **named: Any) -> Any:
        with make() as entered:
            generator = function(*arguments, **named)
            resume, value = generator.asend, None
            while True:
                with step(entered):
                    try:
                        item = await resume(value)
                    except StopAsyncIteration:
                        return
                try:
                    resume, value = generator.asend, (yield item)
                except GeneratorExit:
                    with step(entered):
                        await generator.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001 - thrown in, and thrown on
                    resume, value = generator.athrow, error

    return generate
