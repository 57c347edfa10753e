"""What a program prints of its stack is the same text while it is traced."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import django
import pytest
from asgiref.sync import async_to_sync
from capturing import METHODS, connected, observing, send
from django.db import connection, transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import Signal

from blog.models import Tag

each_method = pytest.mark.parametrize("method", METHODS)


def same(story: Callable[[], object]) -> Any:
    """Return what a story returns, unobserved and, from the very same line, observed."""
    told: list[object] = []
    for around in (nullcontext, observing):
        with around():
            told.append(story())
    unobserved, observed = told
    assert observed == unobserved
    return unobserved


def failing(**_named: object) -> None:
    """Fail, a little deeper."""
    int("no number")


async def failing_async(**_named: object) -> None:
    """Fail after a while."""
    await asyncio.sleep(0)
    int("no number")


def failing_when_called(**_named: object) -> None:
    """Fail before there is anything to await."""
    int("no number")


failing_when_called._is_coroutine_marker = failing_async  # type: ignore[attr-defined]


async def not_asked(sender: object) -> None:
    """Take too few arguments."""


def raised(act: Callable[[], object]) -> list[str]:
    """Return the traceback of what ``act`` raises, or of the exceptions among its responses."""
    try:
        responses = act()
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return traceback.format_exception(error)
    assert isinstance(responses, list)
    return [text for _, held in responses if held is not None for text in traceback.format_exception(held)]


@each_method
@pytest.mark.parametrize(
    "receivers", [[failing], [failing_async], [failing_async, failing_async], [not_asked]]
)
def test_tracebacks_are_the_same_text(method: str, receivers: list[Any], caplog: Any) -> None:
    """Files, lines, columns and names of every frame are Django's, also in what send_robust logs."""

    def story() -> object:
        signal = Signal()
        for number, receiver in enumerate(receivers):
            signal.connect(receiver, dispatch_uid=number or None)
        caplog.clear()
        with caplog.at_level(logging.ERROR), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            said = raised(lambda: send(signal, method))
        return said, [logging.Formatter().format(record) for record in caplog.records]

    said, logged = same(story)
    assert any("dispatcher.py" in line for line in said) or logged


@pytest.mark.parametrize("method", METHODS[:2])
@pytest.mark.parametrize(
    "receiver", [failing, not_asked.__call__, partial(failing, created=0), dict.fromkeys]
)
def test_tracebacks_are_the_same_text_where_a_model_is_saved(method: str, receiver: Any) -> None:
    """Also where receivers are called by names that are known beforehand, from the second time on."""

    def story() -> object:
        with connected(post_save, receiver, sender=Tag, weak=False):
            sent = {"created": True, "update_fields": None, "raw": False, "using": "default"}
            return [
                raised(lambda: send(post_save, method, Tag, instance=Tag(name="a"), **sent)) for _ in range(2)
            ]

    assert all(same(story))


@each_method
@pytest.mark.parametrize("is_async", [False, True])
def test_a_receiver_finds_the_same_stack(method: str, *, is_async: bool) -> None:
    """Who asks for the stack inside of a receiver, or warns about its caller, is told of Django's frames."""

    def look() -> list[Any]:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            warnings.warn("here", stacklevel=3)
        skipped = (str(Path(django.__file__).parent),)
        found = [(each.filename, each.lineno) for each in warned]
        if sys.version_info >= (3, 12):
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                warnings.warn("here", skip_file_prefixes=skipped)
            found += [(each.filename, each.lineno) for each in warned]
        return [found, None if is_async else traceback.format_stack()]

    def receiver(**_named: object) -> list[Any]:
        return look()

    async def receive(**_named: object) -> list[Any]:
        return look()

    def story() -> object:
        signal = Signal()
        signal.connect(receive if is_async else receiver)
        return [response for _, response in send(signal, method)]

    assert same(story)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "act",
    [
        lambda: Tag.objects.bulk_create([Tag(name="a"), Tag(name="a")]),
        lambda: Tag.objects.bulk_create(1),
        lambda: Tag.objects.update(nothing=1),
        lambda: Tag.objects.bulk_update([Tag(name="a")], ["name"]),
        lambda: Tag.objects.all()._raw_delete("nowhere"),
        Tag.objects.all()[:1].delete,
        lambda: connection.cursor().execute("SELECT nothing"),
        async_to_sync(failing_async),
        lambda: Signal(providing_args=["a"]),
    ],
)
def test_failing_operations_say_the_same(act: Callable[[], object]) -> None:
    """The traceback of a write or of a call that fails has no frame of ours."""
    said = same(lambda: raised(act))
    assert len(said) > 2


@pytest.mark.usefixtures("database")
def test_an_error_in_a_deletion_says_the_same() -> None:
    """The traceback of a receiver that fails while its object is deleted is Django's."""

    def story() -> list[str]:
        tag, _ = Tag.objects.get_or_create(name="a")
        post_delete.connect(failing, sender=Tag)
        try:
            return raised(tag.delete)
        finally:
            post_delete.disconnect(failing, sender=Tag)

    assert any("collector.delete" in line for line in same(story))


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("is_open", [False, True])
def test_what_django_logs_of_a_callback_is_the_same_text(*, is_open: bool, caplog: Any) -> None:
    """The traceback of an error that a robust callback of on_commit leaves behind has no frame of ours."""

    def story() -> list[str]:
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            if is_open:
                with transaction.atomic():
                    transaction.on_commit(failing, robust=True)
            else:
                transaction.on_commit(failing, robust=True)
        return [logging.Formatter().format(record) for record in caplog.records]

    assert "no number" in same(story)[0]


@each_method
def test_the_functions_look_like_djangos(method: str) -> None:
    """Who looks at the methods themselves, or at their coroutines, finds what Django has there."""
    found = getattr(Signal, method)
    with observing():
        ours = getattr(Signal, method)
        assert ours is not found
        for name in ("__name__", "__qualname__", "__module__", "__doc__", "__globals__", "__defaults__"):
            assert getattr(ours, name) == getattr(found, name)
        for name in ("co_filename", "co_firstlineno", "co_name", "co_qualname", "co_argcount"):
            assert getattr(ours.__code__, name) == getattr(found.__code__, name)
        lines = {line for _, _, line in found.__code__.co_lines() if line}
        assert {line for _, _, line in ours.__code__.co_lines() if line} <= lines


def test_a_stand_in_has_one_line() -> None:
    """Each step of what stands in for a method of Django's is at that method's first line."""
    found = Tag.objects.none().__class__.update
    with observing():
        ours = Tag.objects.none().__class__.update
        assert ours is not found
        assert {line for _, _, line in ours.__code__.co_lines()} == {found.__code__.co_firstlineno}


@each_method
def test_an_async_receiver_finds_its_own_task(method: str) -> None:
    """Whoever looks at the task that a receiver runs in finds the coroutine that Django has there."""

    def look() -> list[object]:
        task = asyncio.current_task()
        assert task is not None
        coroutine: Any = task.get_coro()
        names = ("__name__", "__qualname__", "cr_running", "cr_await", "cr_code", "cr_origin", "cr_suspended")
        return [
            inspect.iscoroutine(coroutine),
            inspect.getcoroutinestate(coroutine),
            re.sub(r"0x\w+|Task-\d+", "", f"{task} {coroutine}"),
            *(re.sub(r"0x\w+", "", str(getattr(coroutine, name, "missing"))) for name in names),
        ]

    async def receiver(**_named: object) -> list[object]:
        await asyncio.sleep(0)
        return look()

    def story() -> object:
        signal = Signal()
        signal.connect(receiver)
        return [response for _, response in send(signal, method)]

    assert same(story)
