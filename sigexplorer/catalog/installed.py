"""The installed Django, read as text.

Importing Django takes twenty times as long as everything a page needs to know of it, so
its version and the places that send a signal are read from its source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sigexplorer.errors import SigexplorerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigexplorer.catalog.page import Page, Version

_VERSION = re.compile(r"^VERSION\s*=\s*\((\d+),\s*(\d+)", re.MULTILINE)
_RELEASE = re.compile(r"^VERSION\s*=\s*\((\d+), (\d+), (\d+), [\"']final[\"'],", re.MULTILINE)
_LONG_STRING = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''", re.DOTALL)
_DEFINITION = re.compile(r"(?:async\s+)?(?:def|class)\s+(\w+)")


@dataclass(frozen=True, slots=True)
class Send:
    """One place in Django's source where a signal is sent, or asked for its listeners."""

    file: str  # from Django's parent folder, with slashes: "django/db/models/base.py"
    line: int  # where the call begins, from 1
    method: str  # send, send_robust, asend, asend_robust or has_listeners
    function: str  # the qualified name of the function around it, without "<locals>"


def django_root() -> Path:
    """Return the folder of the installed ``django`` package."""
    spec = find_spec("django")
    if spec is None or spec.origin is None:
        raise SigexplorerError("django is not installed", "install it: python -m pip install django")
    return Path(spec.origin).parent


def django_version() -> Version:
    """Return the feature version of the installed Django, such as ``(5, 2)``."""
    source = django_root() / "__init__.py"
    found = _VERSION.search(source.read_text(encoding="utf-8"))
    if found is None:
        raise SigexplorerError(f"no version in '{source}'", "install Django again")
    return int(found[1]), int(found[2])


def django_release() -> str | None:
    """Return the release of the installed Django, such as ``5.2.19``; None where it is no final one."""
    found = _RELEASE.search((django_root() / "__init__.py").read_text(encoding="utf-8"))
    if found is None:
        return None
    return ".".join(found.groups() if found[3] != "0" else found.groups()[:2])


def sends(page: Page) -> tuple[Send, ...]:
    """Return every place in the installed Django that sends the signal, by file and line.

    The modules that the page names are read first; only where none of them sends it, as in
    a Django that is newer than the page, is the whole package searched. Empty where that
    Django has no such signal.
    """
    if not page.exists_in(django_version()):
        return ()
    root = django_root()
    found = _in_named(page, root, _SEND)
    if not found:
        found = [send for path in root.rglob("*.py") for send in _calls_in(path, root, page.name, _SEND)]
    return tuple(sorted(found, key=lambda send: (send.file, send.line)))


def asks(page: Page) -> tuple[Send, ...]:
    """Return every place in the installed Django that asks whether somebody listens to the signal.

    They are in modules that send it, too: what is asked is whether sending can be spared.
    """
    if not page.exists_in(django_version()):
        return ()
    return tuple(sorted(_in_named(page, django_root(), _ASK), key=lambda ask: (ask.file, ask.line)))


_SEND = r"a?send(?:_robust)?"
_ASK = r"has_listeners"


def _in_named(page: Page, root: Path, method: str) -> list[Send]:
    """Find calls in the modules that the page names."""
    named = (path for module in page.sent_by for path in _files(root, module))
    return [call for path in named for call in _calls_in(path, root, page.name, method)]


def _files(root: Path, module: str) -> list[Path]:
    """Return the source file of a module of Django, or nothing where this Django lacks it."""
    base = root.joinpath(*module.split(".")[1:])
    return [path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()]


def _calls_in(path: Path, root: Path, name: str, method: str) -> Iterator[Send]:
    """Find the calls of a method of one signal in one file."""
    text = path.read_text(encoding="utf-8")
    mark = f"{name}."
    if mark not in text:  # so in nearly every file of the whole package
        return
    # Long strings go, their line breaks stay: they hold examples, and text without indentation.
    lines = _LONG_STRING.sub(lambda string: "\n" * string[0].count("\n"), text).splitlines()
    call = re.compile(rf"(?<![\w.])(?:\w+\.)*{re.escape(name)}\.({method})\(")
    for index, line in enumerate(lines):
        found = call.search(line) if mark in line else None
        if found and "#" not in line[: found.start()]:
            file = path.relative_to(root.parent).as_posix()
            yield Send(file, index + 1, found[1], _enclosing(lines, index))


def _enclosing(lines: list[str], index: int) -> str:
    """Return the qualified name of the function around a line, told by the indentation."""
    names: list[str] = []
    depth = _indentation(lines[index])
    for line in reversed(lines[:index]):
        code = line.lstrip()
        # A comment may stand anywhere, and a bracket that closes a signature stands as deep as its def.
        if not code or code[0] in "#)]}" or _indentation(line) >= depth:
            continue
        depth = _indentation(line)
        definition = _DEFINITION.match(code)
        if definition:
            names.append(definition[1])
        if depth == 0:
            break
    return ".".join(reversed(names)) or "<module>"


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
