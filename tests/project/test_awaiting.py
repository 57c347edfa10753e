"""What is done as soon as a module is imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sigexplorer.project.awaiting import when_imported


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Write modules to import; the finders and the modules are afterwards what they were."""
    (tmp_path / "waited_for.py").write_text("VALUE = 1\n", encoding="utf-8")
    (tmp_path / "that_fails.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    finders = list(sys.meta_path)
    yield finders
    for name in ("waited_for", "that_fails"):
        sys.modules.pop(name, None)
    sys.meta_path[:] = finders


def test_it_is_done_once_the_module_is_there(modules: list[object]) -> None:
    """It is done after the module has run, in order, and nothing of us is left in the import system."""
    seen: list[object] = []
    when_imported("waited_for", lambda module: seen.append(module.VALUE))
    when_imported("waited_for", lambda _: seen.append(2))
    module = importlib.import_module("waited_for")
    assert seen == [1, 2]
    assert sys.meta_path == modules
    assert module.__spec__ is not None
    assert "exec_module" not in vars(module.__spec__.loader)
    importlib.reload(module)
    assert seen == [1, 2]


def test_it_is_done_at_once_where_the_module_is_there_already(modules: list[object]) -> None:
    """A module that has been imported is not waited for."""
    seen: list[object] = []
    when_imported("os", seen.append)
    assert [getattr(module, "__name__", None) for module in seen] == ["os"]
    assert sys.meta_path == modules


def test_a_fault_of_ours_is_not_the_programs() -> None:
    """An import succeeds although what was to be done after it failed, and the others are done."""
    seen: list[object] = []
    when_imported("waited_for", lambda _: 1 / 0)
    when_imported("waited_for", seen.append)
    assert importlib.import_module("waited_for").VALUE == 1
    assert len(seen) == 1


def test_an_import_that_fails_is_the_programs_own() -> None:
    """A module that cannot be imported fails as ever, and nothing is done."""
    seen: list[object] = []
    when_imported("that_fails", seen.append)
    when_imported("not_there_at_all", seen.append)
    with pytest.raises(ZeroDivisionError):
        importlib.import_module("that_fails")
    with pytest.raises(ModuleNotFoundError, match="No module named 'not_there_at_all'"):
        importlib.import_module("not_there_at_all")
    assert seen == []


def test_a_module_that_is_built_in_is_imported_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loader that cannot be told to call us imports as if nobody waited."""
    seen: list[object] = []
    monkeypatch.delitem(sys.modules, "_sha1", raising=False)
    monkeypatch.delitem(sys.modules, "xxsubtype", raising=False)
    when_imported("xxsubtype", seen.append)
    assert importlib.import_module("xxsubtype").__name__ == "xxsubtype"
