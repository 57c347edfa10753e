"""Where a dispatch came from: the user's line, in words that fit every machine."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import async_to_sync
from capturing import METHODS, asynchronous, observing, returning
from django.core.management import call_command
from django.db import models
from django.dispatch import Signal

from blog.models import Tag
from sigexplorer.capture import places
from sigexplorer.model import Origin
from sigexplorer.playground import boot

HERE = Path(__file__)


def line_of(function: Callable[..., object], offset: int) -> int:
    """Return the number of the line that stands so many below the ``def``."""
    return function.__code__.co_firstlineno + offset


def origin_of(act: Callable[[], object], name: str | None = None) -> Origin | None:
    """Return the origin of the first dispatch that ``act`` causes, or of the first of that name."""
    with observing() as tracer:
        act()
    return next(each.origin for each in tracer.trace().dispatches if name in (None, each.name))


# The line.


@pytest.mark.parametrize("method", METHODS[:2])
def test_the_origin_is_the_line_that_sent(method: str) -> None:
    """A send of the project's own comes from the line of the call, in the function around it."""
    signal = Signal()

    def act() -> None:
        getattr(signal, method)(None)

    assert origin_of(act) == Origin("test_places.py", line_of(act, 1), act.__qualname__)


@pytest.mark.parametrize("method", METHODS[2:])
def test_the_origin_of_an_asend_is_the_line_that_awaited(method: str) -> None:
    """The same in a coroutine, a task, and a coroutine run from sync code."""
    signal = Signal()

    async def act() -> None:
        await getattr(signal, method)(None)

    async def in_a_task() -> None:
        await asyncio.create_task(act())

    expected = Origin("test_places.py", line_of(act, 1), act.__qualname__)
    assert origin_of(lambda: asyncio.run(act())) == expected
    assert origin_of(lambda: asyncio.run(in_a_task())) == expected
    assert origin_of(async_to_sync(act)) == expected


@pytest.mark.usefixtures("database")
def test_the_origin_of_djangos_signals_is_the_line_that_led_to_them() -> None:
    """Django's own frames are passed over, however many there are."""

    def act() -> None:
        Tag.objects.get_or_create(
            name="a",
        )

    for name in ("pre_init", "post_init", "pre_save", "post_save"):
        origin = origin_of(act, name)
        assert origin is not None
        assert (origin.file, origin.function) == ("test_places.py", act.__qualname__)
        assert line_of(act, 1) <= origin.line <= line_of(act, 3)
        Tag.objects.all().delete()


@pytest.mark.usefixtures("database")
def test_the_origin_of_a_nested_dispatch_is_its_receiver() -> None:
    """What a receiver sends comes from the receiver's line."""
    outer, inner = Signal(), Signal()

    def receiver(**_named: object) -> None:
        inner.send(None, name="inner")

    outer.connect(receiver)
    with observing() as tracer:
        outer.send(None, name="outer")
    found = {each.argument("name"): each.origin for each in tracer.trace().dispatches}
    assert found["inner"] == Origin("test_places.py", line_of(receiver, 1), receiver.__qualname__)


def test_the_standard_library_is_passed_over() -> None:
    """What the standard library calls back comes from the project's line, if there is one."""
    signal = Signal()

    def act() -> None:
        functools.reduce(lambda _so_far, each: signal.send(None, each=each), [1, 2])

    origin = origin_of(act)
    assert origin is not None
    assert origin.file == "test_places.py"
    assert origin.line == line_of(act, 1)


def test_a_dispatch_without_a_line_of_the_projects() -> None:
    """In a thread that only Django and Python run in, the origin is the innermost line outside of us."""
    signal = Signal()

    def act() -> None:
        thread = threading.Thread(target=signal.send, args=(None,))
        thread.start()
        thread.join()

    origin = origin_of(act)
    assert origin is not None
    assert (origin.file, origin.function) == ("threading.py", "Thread.run")
    assert not Path(origin.file).is_absolute()


@pytest.mark.parametrize(
    ("file", "passed_over"),
    [
        (models.__file__, True),
        (asyncio.__file__, True),
        (threading.__file__, True),
        (places.__file__, True),
        ("<frozen importlib._bootstrap>", True),
        (__file__, False),
        (Tag.__module__, False),
        (pytest.__file__, False),
        ("<string>", False),
        (boot.__file__, False),
    ],
)
def test_what_is_passed_over(file: str, *, passed_over: bool) -> None:
    """Django, asgiref, Python and our capture are passed over; the project and other packages are not."""
    assert places.is_plumbing(file) is passed_over


def test_code_without_a_file() -> None:
    """Code that was compiled from a text is named as Python names it."""
    signal = Signal()
    space: dict[str, Any] = {"signal": signal}
    exec(compile("def act():\n    signal.send(None)", "<made up>", "exec"), space)  # noqa: S102 - our own code
    assert origin_of(space["act"]) == Origin("<made up>", 2, "act")


def test_management_commands_come_from_whoever_called_them() -> None:
    """A signal that a command of Django's sends has the line of call_command()."""

    def act() -> None:
        call_command("flush", verbosity=0, interactive=False)

    origin = origin_of(act, "post_migrate")
    assert origin is not None
    assert (origin.file, origin.line) == ("test_places.py", line_of(act, 1))


# No machine.


def test_short_is_relative_to_the_longest_entry_of_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is named from the folder that it is imported from; one that is in none by its last part."""
    (tmp_path / "project" / "app").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "project"), "", str(tmp_path / "proj")])
    places.short.cache_clear()
    assert places.short(str(tmp_path / "project" / "app" / "models.py")) == "app/models.py"
    assert places.short(str(tmp_path / "projects" / "x.py")) == "projects/x.py"
    assert places.short("/somewhere/else/module.py") == "module.py"
    assert places.short("relative/script.py") == "script.py"
    assert places.short("<string>") == "<string>"
    places.short.cache_clear()


def test_what_is_no_folder_on_the_path_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python imports nothing from an entry that is no text, whatever a program has put there; nor do we."""
    monkeypatch.setattr(sys, "path", [b"/x", ["/y"], None, tmp_path, 5, str(tmp_path)])
    assert places.without_folders(f"save {tmp_path}/a.py") == "save a.py"
    assert places.short(f"{tmp_path}/a.py") == "a.py"


def test_short_understands_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is reached through a link is the folder all the same."""
    (tmp_path / "real" / "app").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "link")])
    places.short.cache_clear()
    assert places.short(str(tmp_path / "link" / "app" / "models.py")) == "app/models.py"
    assert places.short(str(tmp_path / "real" / "app" / "models.py")) == "app/models.py"
    places.short.cache_clear()


@pytest.mark.parametrize("name", ["{}/project/module.py", "{}/project/<cell>", "{}/project/a b/é.py"])
def test_names_of_files_with_a_path_inside(name: str, tmp_path: Path) -> None:
    """However a file is called, no path of this machine is kept."""
    places.short.cache_clear()
    assert str(tmp_path) not in places.short(name.format(tmp_path))


@pytest.mark.usefixtures("database")
def test_no_record_knows_this_machine() -> None:
    """Neither origins nor receivers, of Django's, the project's or the tests', have an absolute path."""
    signal = Signal()
    kept = [returning("a"), asynchronous(returning("b")), functools.partial(returning("c")), mock.Mock()]
    for receiver in kept:
        signal.connect(receiver, weak=False)
    with observing() as tracer:
        signal.send_robust(None)
        Tag.objects.bulk_create([Tag(name="a")])
        call_command("flush", verbosity=0, interactive=False)
    trace = tracer.trace()
    files = {call.file for each in trace.dispatches for call in each.calls}
    files |= {each.origin.file for each in (*trace.dispatches, *trace.bypasses) if each.origin}
    assert len(files) > 3
    assert not any(file and Path(file).is_absolute() for file in files)
    text = json.dumps(dataclasses.asdict(trace))
    for folder in (HERE.parents[2], Path(sys.prefix), Path.home(), Path(models.__file__).parents[2]):
        assert str(folder) not in text


def test_a_script_is_named_by_its_file(tmp_path: Path) -> None:
    """In a user's program the origin is the script's line, and a receiver's file that of its module."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "handlers.py").write_text("def handle(**named):\n    pass\n", encoding="utf-8")
    script = tmp_path / "run_it.py"
    script.write_text(
        "from django.dispatch import Signal\n"
        "from shop.handlers import handle\n"
        "from sigexplorer.capture.tracer import Tracer\n"
        "paid = Signal()\n"
        "paid.connect(handle)\n"
        "tracer = Tracer('x')\n"
        "tracer.start()\n"
        "paid.send(None)\n"
        "tracer.stop()\n"
        "(seen,) = tracer.trace().dispatches\n"
        "(call,) = seen.calls\n"
        "print(seen.signal, seen.origin, call.receiver, call.file, call.line)\n",
        encoding="utf-8",
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, str(script)],
        env={"PYTHONPATH": str(HERE.parents[2]), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == (
        "__main__.paid Origin(file='run_it.py', line=8, function='<module>') "
        "shop.handlers.handle shop/handlers.py 1"
    )


def test_the_line_of_a_module_is_the_one_that_it_is_at() -> None:
    """Of a module, whose table of lines is read once, the line is that of the frame."""
    text = """
seen()
for each in (1, 2):
    seen()
    if each == 2:
        (
            seen(
                1,
            ),
            seen(),
        )
try:
    1 / 0
except ZeroDivisionError:
    seen()
class Inside:
    seen()
seen()
"""
    found: list[tuple[int, int]] = []

    def seen(*_arguments: object) -> None:
        frame = sys._getframe(1)
        line = places.line(frame)
        assert line is not None
        found.append((line[1], frame.f_lineno))

    for _ in range(2):
        exec(compile(text, "/nowhere/many.py", "exec"), {"seen": seen, "__name__": "many"})  # noqa: S102
    assert [ours for ours, _ in found] == [python for _, python in found]
    assert len({ours for ours, _ in found}) > 5
