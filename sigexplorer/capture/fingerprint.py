"""Tell a function that we know from one that somebody has changed, by its source."""

from __future__ import annotations

import functools
import hashlib
import linecache
from types import CodeType
from typing import Any


def fingerprint(function: Any) -> str:
    """Hash the source of ``function`` without its docstring and white space."""
    code = getattr(function, "__code__", None)
    return _of(code, code.co_filename) if isinstance(code, CodeType) else ""


@functools.cache
def _of(code: CodeType, file: str) -> str:  # code of another file may be equal
    lines = linecache.getlines(file)[code.co_firstlineno - 1 : _last_line(code)]
    text = "".join("".join(lines).split('"""')[::2])
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()[:16]


def _last_line(code: CodeType) -> int:
    own = max((line for _, _, line in code.co_lines() if line), default=code.co_firstlineno)
    return max([own, *(_last_line(const) for const in code.co_consts if isinstance(const, CodeType))])
