"""What the tests of capture share: send by any method, observe, and compare with the unobserved."""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import sync_to_async
from django.dispatch import Signal, dispatcher
from django.utils.module_loading import import_string

from sigexplorer.capture import arguments
from sigexplorer.capture.tracer import Tracer

if TYPE_CHECKING:
    from sigexplorer.model import Bypass, Dispatch, Scalar, Trace

METHODS = ("send", "send_robust", "asend", "asend_robust")

#: Django 6.1 runs async receivers in a task group, earlier ones gather them.
TASK_GROUP = hasattr(dispatcher, "_run_parallel")

Seen = TypeVar("Seen")

#: The classes of Django's on which anything may be replaced while somebody observes.
HOOKED = (
    "django.dispatch.dispatcher.Signal",
    "django.db.models.signals.ModelSignal",
    "django.db.backends.utils.CursorWrapper",
    "django.db.backends.utils.CursorDebugWrapper",
    "django.db.backends.base.base.BaseDatabaseWrapper",
    "django.db.backends.sqlite3.base.DatabaseWrapper",
    "django.db.transaction.Atomic",
    "django.db.models.base.Model",
    "django.db.models.query.QuerySet",
    "django.db.models.sql.subqueries.UpdateQuery",
    "django.db.models.sql.subqueries.DeleteQuery",
    "django.db.models.deletion.Collector",
)


_OWNERS: tuple[type, ...] = tuple(map(import_string, HOOKED))


def hook_points() -> dict[tuple[type, str], Any]:
    """Return every method of these classes as it is now."""
    return {
        (owner, name): found
        for owner in _OWNERS
        for name, found in vars(owner).items()
        if isinstance(found, FunctionType)
    }


#: As they are before anybody observes: what stands in for one of them gives Django's file as its own.
_DJANGOS = hook_points()
_CONTENTS = [(vars(owner), dict(vars(owner))) for owner in _OWNERS]


def strangers() -> list[str]:
    """Name every method of these classes that is not Django's own function."""
    if all(held == before for held, before in _CONTENTS):  # at once, because every test asks twice
        return []
    return [
        f"{owner.__name__}.{name}"
        for (owner, name), found in hook_points().items()
        if found is not _DJANGOS.get((owner, name))
    ]


def put_back(found: dict[tuple[type, str], Any]) -> None:
    """Put every method back to what it was."""
    for (owner, name), held in found.items():
        if vars(owner)[name] is not held:
            setattr(owner, name, held)


@contextmanager
def observing(title: str = "test", *, may_fail: bool = False, **options: bool) -> Iterator[Tracer]:
    """Trace what happens inside; a fault of the tracer's own fails the test unless it may."""
    tracer = Tracer(title, **options)
    tracer.start()
    try:
        yield tracer
    finally:
        tracer.stop()
    assert may_fail or tracer.faults == []


@contextmanager
def counting_calls(module: ModuleType) -> Iterator[list[str]]:
    """Yield the names of what the code of a module calls inside, and of its functions; a measure of work."""
    calls: list[str] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call") and frame.f_globals is vars(module):
            calls.append(frame.f_code.co_name if event == "call" else argument.__name__)

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def both(story: Callable[[], Seen]) -> tuple[Seen, Trace]:
    """Run ``story`` unobserved and observed, which must not differ; return what it saw, and the trace."""
    seen = []
    for manager in (nullcontext(), observing()):  # one line for both, because warnings know it
        with manager as tracer:
            seen.append(story())
    assert seen[1] == seen[0]
    return seen[1], tracer.trace()


def send(signal: Signal, method: str, sender: object = None, /, **named: object) -> list[tuple[Any, Any]]:
    """Send by one of the four methods from sync code, and wait until nothing of it runs any more."""
    if not method.startswith("a"):
        return getattr(signal, method)(sender, **named)

    async def main() -> tuple[Any, BaseException | None]:
        try:
            answer = await getattr(signal, method)(sender, **named), None
        except Exception as error:  # noqa: BLE001 - raised below; asgiref takes what is being handled along
            answer = None, error
        await drained()
        return answer

    responses, problem = asyncio.run(main())
    try:
        if problem is not None:
            raise problem
        return responses
    finally:
        del problem


@contextmanager
def unawaited() -> Iterator[None]:
    """Let coroutines that Django itself leaves unawaited after an error go in silence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield
        gc.collect()


async def drained() -> None:
    """Wait for every other task of the loop, and for the one thread that runs sync receivers."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
    # Its queue is in order: once this runs, nothing holds what ran before.
    await sync_to_async(bool)()


def outcome(act: Callable[[], Any]) -> tuple[Any, ...]:
    """Return what ``act`` returned or raised, in a form that two runs can be compared by."""
    try:
        return ("returned", comparable(act()))
    except BaseException as error:  # noqa: BLE001 - whatever a receiver raises
        return ("raised", comparable(error))


def comparable(thing: Any) -> Any:
    """Return ``thing`` with its exceptions by type and arguments: two raised alike are not equal."""
    if isinstance(thing, BaseExceptionGroup):
        return (type(thing), thing.message, comparable(thing.exceptions))
    if isinstance(thing, BaseException):
        return (type(thing), comparable(thing.args))
    if isinstance(thing, (list, tuple)):
        return [comparable(member) for member in thing]
    return thing


def frames(error: BaseException) -> list[str]:
    """Return the functions that an exception went through, from where it was caught on."""
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def connect(signal: Signal, *receivers: Callable[..., Any], **options: Any) -> None:
    """Connect receivers in order."""
    for receiver in receivers:
        signal.connect(receiver, **options)


@contextmanager
def connected(signal: Signal, *receivers: Callable[..., Any], **options: Any) -> Iterator[None]:
    """Connect receivers to a signal that others use too, and take them away again."""
    connect(signal, *receivers, **options)
    sender, uid = options.get("sender"), options.get("dispatch_uid")
    try:
        yield
    finally:
        for receiver in receivers:
            signal.disconnect(receiver, sender=sender, dispatch_uid=uid)


def returning(name: str, answer: object = None) -> Callable[..., object]:
    """Make a sync receiver of that name."""

    def receiver(**_named: object) -> object:
        return answer

    receiver.__qualname__ = name
    return receiver


def raising(name: str, error: type[BaseException] = ValueError, *arguments: object) -> Callable[..., object]:
    """Make a sync receiver of that name which fails."""

    def receiver(**_named: object) -> object:
        raise error(*arguments)

    receiver.__qualname__ = name
    return receiver


def asynchronous(receiver: Callable[..., object]) -> Callable[..., Any]:
    """Make an async receiver of a sync one; it does its work when it is awaited."""

    @functools.wraps(receiver)
    async def awaited(**named: object) -> object:
        return receiver(**named)

    return awaited


def short(name: str) -> str:
    """Return the last part of a dotted name."""
    return name.rpartition(".")[2]


def calls(dispatch: Dispatch) -> list[tuple[str, str]]:
    """Return each call of a dispatch by the last part of its receiver's name, and its outcome."""
    return [(short(call.receiver), call.outcome) for call in dispatch.calls]


def only(trace: Trace) -> Dispatch:
    """Return the one dispatch of a trace."""
    (dispatch,) = trace.dispatches
    return dispatch


def parents(trace: Trace) -> dict[object, tuple[object, int | None]]:
    """Return for each dispatch's argument ``name`` that of its parent, and the index of the call in it."""
    names = {dispatch.id: dispatch.argument("name") for dispatch in trace.dispatches}
    return {
        dispatch.argument("name"): (names.get(dispatch.parent), dispatch.parent_call)
        for dispatch in trace.dispatches
    }


def seen(act: Callable[[], object]) -> Trace:
    """Return the trace of ``act``."""
    with observing() as tracer:
        act()
    return tracer.trace()


def bypasses(trace: Trace) -> list[tuple[str, str, int | None]]:
    """Return the operation, the model and the rows of each bypass."""
    return [_bypass(bypass) for bypass in trace.bypasses]


def _bypass(bypass: Bypass) -> tuple[str, str, int | None]:
    return (bypass.operation, bypass.model, bypass.rows)


#: What a text may come to, with what says that it was cut.
WORDS_LIMIT = 1_200


def check_words(text: object) -> None:
    """Hold that something can stand in a record: a JSON scalar, short, and writable."""
    assert text is None or type(text) in (str, int, float, bool)
    written = json.dumps(text, allow_nan=False, ensure_ascii=False)
    assert len(written.encode()) <= WORDS_LIMIT * 8
    assert len(str(text)) <= WORDS_LIMIT
    assert "unreadable" not in str(text)


def in_full(named: dict[str, Any]) -> tuple[tuple[str, Scalar], ...]:
    """Return the keyword arguments of a dispatch in words, as every quick way must say them."""
    return tuple(
        (arguments._name(name), arguments._argument(name, held, named)) for name, held in named.items()
    )
