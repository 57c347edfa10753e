"""Tell a fault of ours from an exception of the program's that merely came while we were at work."""

from __future__ import annotations

from inspect import CO_VARARGS
from itertools import pairwise
from types import FrameType


def is_of_a_handler(fault: BaseException) -> bool:
    """Whether a signal handler of the program's raised it, as those that limit the time of a task do.

    Python calls it with a number and the frame that it came upon.
    """
    traceback = fault.__traceback__
    while traceback is not None:
        found = [type(held) for held in _arguments(traceback.tb_frame)]
        if any(one is int and other is FrameType for one, other in pairwise(found)):
            return True
        traceback = traceback.tb_next
    return False


def _arguments(frame: FrameType) -> tuple[object, ...]:
    code, held = frame.f_code, frame.f_locals
    positional = tuple(held.get(name) for name in code.co_varnames[: code.co_argcount])
    if not code.co_flags & CO_VARARGS:
        return positional
    more = held.get(code.co_varnames[code.co_argcount + code.co_kwonlyargcount])
    return (*positional, *more) if type(more) is tuple else positional
