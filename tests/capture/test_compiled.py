"""Code that was compiled from Django's source is kept for the next process, where that is safe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType

import pytest
from capturing import METHODS
from django.dispatch import Signal

from sigexplorer.capture import loops
from sigexplorer.capture.compiled import _MOST, remembered
from sigexplorer.spool.latest import cache_folder


class _Maker:
    """Compiles, and knows how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> CodeType:
        self.times += 1
        return compile("answer = 42", "made.py", "exec")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a cache folder of its own, and let it be written to."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return tmp_path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return the file that makes."""
    file = tmp_path / "maker.py"
    file.write_text("1\n", encoding="utf-8")
    return file


def _answer(code: CodeType) -> object:
    made: dict[str, object] = {}
    exec(code, made)  # noqa: S102 - our own
    return made["answer"]


def _all(code: CodeType) -> Iterator[object]:
    yield code
    yield from (code.co_filename, code.co_qualname, code.co_linetable, code.co_exceptiontable)
    yield list(code.co_positions())
    for held in code.co_consts:
        if isinstance(held, CodeType):
            yield from _all(held)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_read_back_is_what_was_compiled(method: str) -> None:
    """Each line, column, name and constant is the same; the second time nothing is compiled."""
    found = vars(Signal)[method]
    made = remembered(found, loops.__file__, lambda: loops._compiled(found))

    def again() -> CodeType:
        raise AssertionError

    assert list(_all(remembered(found, loops.__file__, again))) == list(_all(made))


def test_a_changed_source_is_compiled_again(source: Path) -> None:
    """Neither what was made by another version of ours, nor of another method, is taken."""
    make = _Maker()
    for _ in range(2):
        remembered(vars(Signal)["send"], str(source), make)
    assert make.times == 1
    source.write_text("11\n", encoding="utf-8")
    remembered(vars(Signal)["send"], str(source), make)
    assert make.times == 2
    remembered(vars(Signal)["asend"], str(source), make)
    assert make.times == 3


def _file() -> Path:
    (file,) = (cache_folder() / "code").iterdir()
    return file


def _linked() -> None:
    file = _file()
    other = file.parent.parent / "other"
    file.rename(other)
    file.symlink_to(other)


def _cut() -> None:
    _file().write_bytes(_file().read_bytes()[:-20])


def _no_code() -> None:
    whole = _file().read_bytes()
    _file().write_bytes(whole[: whole.rindex(b"\xe3")] + b"N")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: _file().chmod(0o644),
        lambda: _file().parent.chmod(0o755),
        lambda: _file().parent.chmod(0o770),
        lambda: _file().write_bytes(b""),
        _cut,
        _no_code,
        _linked,
    ],
)
def test_what_others_may_have_written_is_not_run(source: Path, spoil: Callable[[], object]) -> None:
    """A file or folder that is not ours alone, a link, or half a file is as none at all."""
    make = _Maker()
    remembered(vars(Signal)["send"], str(source), make)
    spoil()
    assert _answer(remembered(vars(Signal)["send"], str(source), make)) == 42
    assert make.times == 2


def test_somebody_elses_folder_is_not_used(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a program runs as another user, with the same home."""
    make = _Maker()
    remembered(vars(Signal)["send"], str(source), make)
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    remembered(vars(Signal)["send"], str(source), make)
    assert make.times == 2


@pytest.mark.parametrize("spoil", ["a file", "no home", "no bytecode", "no source"])
def test_where_nothing_can_be_kept_it_is_compiled(
    home: Path, source: Path, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    """And nothing is said, because nothing is wrong."""
    if spoil == "a file":
        (home / "cache").write_bytes(b"")
    elif spoil == "no home":
        monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    elif spoil == "no bytecode":
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
    else:
        source.unlink()
    make = _Maker()
    for _ in range(2):
        assert _answer(remembered(vars(Signal)["send"], str(source), make)) == 42
    assert make.times == 2


def test_old_ones_make_room(source: Path) -> None:
    """The folder does not grow for ever."""
    for number in range(_MOST + 3):
        os.utime(source, ns=(number, number))
        remembered(vars(Signal)["send"], str(source), _Maker())
    assert len(list((cache_folder() / "code").iterdir())) == _MOST
