"""Keep our own frames out of what the program prints of its stack."""

from __future__ import annotations

import functools
from types import CodeType, FunctionType
from typing import Any


def unseen(error: BaseException) -> None:
    """Take the frame that has just caught ``error`` out of its traceback; a bare ``raise`` adds it not."""
    traceback = error.__traceback__
    if traceback is not None:
        error.__traceback__ = traceback.tb_next


def stand_in(ours: Any, found: Any) -> Any:
    """Let ``ours`` be taken for ``found``, which it calls, wherever somebody looks at the stack.

    Whoever skips Django's files, as its own warnings do, skips ours with them.
    """
    code = getattr(found, "__code__", None)
    if type(ours) is FunctionType and isinstance(code, CodeType):
        own = ours.__code__
        if own.co_filename == code.co_filename:
            return ours  # made of the same source
        ours.__code__ = _placed(own, code, code.co_filename)
    return ours


@functools.cache
def _placed(own: CodeType, code: CodeType, file: str) -> CodeType:
    """Return our code as if it stood where ``code`` does; the same each time somebody observes."""
    return own.replace(
        co_filename=file,  # code of another one may be equal
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_firstlineno=code.co_firstlineno,
        co_linetable=_one_line(own),
    )


_UNITS = 8  # of an entry; each is two bytes of code
_NO_COLUMNS = 0x80 | 13 << 3  # the kind of an entry that says how far the line moves, and nothing else


def _one_line(code: CodeType) -> bytes:
    """Return a table, as of Python 3.11, by which all of ``code`` stands in the line that it begins in."""
    whole, rest = divmod(len(code.co_code) // 2, _UNITS)
    lengths = [_UNITS] * whole + [rest] * bool(rest)
    return b"".join(bytes((_NO_COLUMNS | length - 1, 0)) for length in lengths)
