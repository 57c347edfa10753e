"""The lines of ordinary dispatches, read by one pattern: in half the time that JSON takes.

Such a line has the keys of the contract in their order, texts that need no escaping, and at
most one receiver, which returned. Whatever matches is JSON and a record as it must be, so
that nobody has to look again; every other line is read as JSON. Texts and numbers stay as
the file has them, a text with its quotes.
"""

from __future__ import annotations

import re
from functools import cache

#: What the pattern found of a line, by the places below; nothing where there is no receiver.
Row = tuple[str, ...]

# The places in a row; numbers are those of a record.
ID = 0
PARENT = 1
PARENT_CALL = 2
STEP = 3
NAMES = 4  # '"signal": ..., "name": ..., "group": ..., "method": ..., "sender": ...'
START = 5
DURATION = 6
ARGUMENTS = 7  # an object of short texts and numbers
RECEIVER = 8  # '"receiver": ..., "order": ..., ...', all that is the same in each call of it
CALL_START = 9
CALL_DURATION = 10
RESULT = 11
CALL_QUERIES = 12
ORIGIN = 13
TRANSACTION = 14  # '"in_transaction": ..., "rolled_back": ...'
QUERIES = 15
THREAD = 16  # '"thread": ..., "process": ...'
CALLBACK = 17

_TEXT = r'"[ !#-\[\]-~]{0,200}"'
_SOME_TEXT = f"(?:null|{_TEXT})"
_NUMBER = r"(?:0|[1-9]\d{0,14})"
_SOME_NUMBER = f"(?:null|{_NUMBER})"
_FLAG = "(?:true|false)"
_SCALAR = f"(?:{_TEXT}|{_FLAG}|null|-?{_NUMBER})"
_ARGUMENT = f"{_TEXT}: {_SCALAR}"

_CALL = (
    rf'{{("receiver": {_TEXT}, "order": [1-9]\d{{0,9}}, "file": {_SOME_TEXT}, "line": {_SOME_NUMBER}, '
    rf'"dispatch_uid": {_SOME_TEXT}, "weak": {_FLAG}, "async": {_FLAG}), "start_ns": ({_NUMBER}), '
    rf'"duration_ns": ({_NUMBER}), "outcome": "returned", "result": ({_SCALAR}), "error": null, '
    rf'"queries": ({_NUMBER})}}'
)


@cache
def _line() -> re.Pattern[str]:
    """Return what such a line looks like; to compile it takes longer than all else that is imported here."""
    return re.compile(
        rf'{{"type": "dispatch", "id": ([1-9]\d{{0,14}}), "parent": (null|[1-9]\d{{0,14}}), '
        rf'"parent_call": ({_SOME_NUMBER}), "step": ({_SOME_NUMBER}), ("signal": {_TEXT}, '
        rf'"name": {_TEXT}, "group": {_TEXT}, "method": "a?send(?:_robust)?", "sender": {_SOME_TEXT}), '
        rf'"start_ns": ({_NUMBER}), "duration_ns": ({_NUMBER}), '
        rf'"arguments": ({{(?:{_ARGUMENT}(?:, {_ARGUMENT})*)?}}), "calls": \[(?:{_CALL})?\], "error": null, '
        rf'"origin": (null|{{"file": {_TEXT}, "line": {_NUMBER}, "function": {_TEXT}}}), '
        rf'("in_transaction": {_FLAG}, "rolled_back": {_FLAG}), "queries": ({_NUMBER}), '
        rf'("thread": {_TEXT}, "process": {_NUMBER}), "callback": ({_SOME_NUMBER})}}\n'
    )


def rows(lines: str) -> list[Row | str]:
    """Return the row of each of some whole lines, or what stands between two rows as it is: lines too."""
    found: list[Row | str] = []
    place = 0
    for one in _line().finditer(lines):
        begin = one.start()
        if begin != place:
            if lines[begin - 1] != "\n":  # what matches stands inside of a line
                continue
            found.append(lines[place:begin])
        row: Row = one.groups("")
        parent = row[PARENT]
        backwards = parent != "null" and int(parent) >= int(row[ID])
        found.append(one[0] if backwards else row)  # whoever checks it says what is wrong
        place = one.end()
    if place < len(lines):
        found.append(lines[place:])
    return found
