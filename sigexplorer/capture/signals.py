"""Signals into words: the built-in ones by the catalogue, others by where they live."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterator
from types import FrameType, FunctionType, ModuleType
from typing import Any, NamedTuple

from django.dispatch import Signal

from sigexplorer import catalog
from sigexplorer.capture import variables
from sigexplorer.capture.classes import namespaces
from sigexplorer.capture.going import referred
from sigexplorer.capture.listening import built_in
from sigexplorer.capture.places import is_plumbing, short
from sigexplorer.capture.receivers import layers
from sigexplorer.capture.variables import Variable
from sigexplorer.capture.words import class_path, contents, plain
from sigexplorer.model import Origin


class SignalWords(NamedTuple):
    """What a record keeps of a signal."""

    path: str  # dotted
    name: str  # the last part of it
    group: str


class _Named(NamedTuple):
    signal: weakref.ref[Any]  # to know an id that was given to another object since
    words: SignalWords
    modules: int  # how many were loaded: one that comes later may name what nobody named


#: By id, because a signal's own hash or equality is code of the project's.
_NAMED: dict[int, _Named] = {}


def words(signal: Any) -> SignalWords:
    """Name ``signal``; one that no module holds is named by its class."""
    known = _NAMED.get(id(signal))
    if known is not None and known.signal() is signal and not _may_have_got_a_name(known):
        return known.words
    found = _built_in(signal) or _custom(signal)
    _NAMED[id(signal)] = _Named(_leaving(signal, _NAMED), found, len(sys.modules))
    return found


def is_nameless(path: str) -> bool:
    """Whether that is no name, but what is told of each signal that no module holds."""
    return path.startswith("<")


def _leaving(signal: Any, table: dict[int, Any], left: Callable[[], None] = lambda: None) -> weakref.ref[Any]:
    """Return a reference to a signal that takes its entry in ``table`` along when it goes."""
    key = id(signal)

    def gone(reference: weakref.ref[Any]) -> None:
        if key in table and table[key].signal is reference:
            table.pop(key, None)
        left()

    return referred(signal, gone)


def _may_have_got_a_name(known: _Named) -> bool:
    return known.words.name.startswith("<") and known.modules != len(sys.modules)


def _built_in(signal: Any) -> SignalWords | None:
    for page in catalog.PAGES:
        if page.module in sys.modules and built_in(page) is signal:
            return SignalWords(page.path, page.name, page.group)
    return None


def _custom(signal: Any) -> SignalWords:
    made = _made(signal)
    # Where it was made it has its name, whoever else holds it.
    own = variables.of_module(signal, made.module) if made else ()
    there = next((one for one in own if not one.bound_by_loop), None)
    if there is not None:
        return _words_of(there)
    line = variables.line_at((made.at.file, made.at.line)) if made and id(signal) not in _NAMED else None
    if made and line and not line.is_worth_a_look():
        return _nameless(signal, made)
    held = variables.of(signal, made.serial if made else None, _SERIAL[0])
    found = _defined(signal, held) if held else _named_elsewhere(signal)
    if line:
        line.looked(found=not is_nameless(found.path))
    return found


def custom() -> list[tuple[SignalWords, Any]]:
    """Return every signal of the process that is not Django's, by path.

    Those that a module holds, and those that were created while ``note_created`` was told.
    A signal imported elsewhere counts once, under the module that defines it.
    """
    held = {
        key: (_defined(signal, one.variables), signal)
        for key, one in variables.look(_SERIAL[0]).items()
        if (signal := one.signal()) is not None
    }
    ours = {id(signal) for page in catalog.PAGES if (signal := variables.loaded(page)) is not None}
    others = [
        (_named_elsewhere(signal), signal)
        for made in list(_CREATED.values())
        if (signal := made.signal()) is not None and id(signal) not in held and id(signal) not in ours
    ]
    return sorted([*held.values(), *others], key=lambda pair: pair[0].path)


def _defined(signal: Any, held: list[Variable]) -> SignalWords:
    """Name a signal by the module that defines it, whoever else imports it; by its first name there.

    That is the one in which it was made; where nobody saw that, the one whose source
    assigns it, and of several ``signals.py``. A variable that a loop has left over names it
    only where nothing else does.
    """
    made = _made(signal)
    lasting = [one for one in held if not one.bound_by_loop]
    if made is not None:
        there = next((_words_of(one) for one in lasting if one.module == made.module), None)
        there = there or _named_inside(signal, made)
        if there is not None:
            return there
    if not lasting:
        inside = next((found for one in held if (found := _inside_module(signal, one.module))), None)
        return inside or (_words_of(held[0]) if made is None else _named_elsewhere(signal))
    if len({one.module for one in lasting}) == 1:
        return _words_of(lasting[0])
    return _words_of(
        min(lasting, key=lambda one: (not one.assigned, one.module == "__main__", not _is_home(one.module)))
    )


def _words_of(variable: Variable) -> SignalWords:
    return SignalWords(f"{variable.module}.{variable.name}", variable.name, "custom")


def found_at(text: str) -> Any:
    """Return the signal that ``text`` leads to, by whichever module imports it; None where none is."""
    parts = text.split(".")
    for end in range(len(parts) - 1, 0, -1):
        module = sys.modules.get(".".join(parts[:end]))
        if not issubclass(type(module), ModuleType):
            continue
        rest = ".".join(parts[end:])
        for name, thing in list(variables.namespace(module).items()):
            if plain(name) == rest and issubclass(type(thing), Signal):
                return thing
            if rest.startswith(plain(name)):
                for further, found in _inside(thing, _DEPTH):
                    if f"{plain(name)}{further}" == rest:
                        return found
    return None


def path_at(text: str) -> str | None:
    """Return the own path of the signal that ``text`` leads to where a module, or code, imports it."""
    signal = found_at(text)
    page = catalog.named(text) if signal is None else None
    if page is not None:
        return page.path
    return None if signal is None else words(signal).path


def _is_home(module_name: str) -> bool:
    return module_name.rpartition(".")[2] == "signals"


# Signals that no module holds as a variable: in a dict, an attribute of a class or of an
# object, or only in a function's closure.


class _Created(NamedTuple):
    signal: weakref.ref[Any]
    at: Origin
    module: str
    number: int  # from 1, among those of that line
    serial: int  # from 1, among all


#: By id, as above.
_CREATED: dict[int, _Created] = {}

_SERIAL = [0]  # how many were created


class _Line:
    """What a line has made: where nothing of it is left, it begins to count again."""

    def __init__(self, place: tuple[str, int]) -> None:
        self.number = self.living = 0
        self._place = place

    def left(self) -> None:
        self.living -= 1
        if not self.living:
            self.number = 0
            _LINES.pop(self._place, None)


_LINES: dict[tuple[str, int], _Line] = {}


def note_created(signal: Any, frame: FrameType | None) -> None:
    """Note the line that makes ``signal``: the innermost one outside Django and its own class."""
    while frame is not None and (is_plumbing(frame.f_code.co_filename) or _is_own_init(frame, signal)):
        frame = frame.f_back
    if frame is None:
        return
    at = Origin(short(frame.f_code.co_filename), frame.f_lineno, frame.f_code.co_qualname)
    place = (at.file, at.line)
    made = _LINES[place] if place in _LINES else _LINES.setdefault(place, _Line(place))
    made.living += 1
    made.number += 1
    reference = _leaving(signal, _CREATED, made.left)
    module = plain(frame.f_globals.get("__name__"))
    _SERIAL[0] += 1
    _CREATED[id(signal)] = _Created(reference, at, module, made.number, _SERIAL[0])


def _is_own_init(frame: FrameType, signal: Any) -> bool:
    return frame.f_code.co_name == "__init__" and _is_own_method(frame, type(signal))


def caller(signal: Any, frame: FrameType | None) -> FrameType | None:
    """Return the frame that called a method of ``signal``: the first one outside of its own class."""
    kind = type(signal)
    if class_path(kind).startswith("django."):
        return frame
    outermost, further = frame, frame
    while further is not None:
        if _is_own_method(further, kind):
            outermost = further.f_back
        elif not is_plumbing(further.f_code.co_filename):
            break
        further = further.f_back
    return outermost


def _is_own_method(frame: FrameType, kind: type) -> bool:
    """Whether a frame is of a method of a class, or of one of its bases, also under a decorator.

    Not by its variables: to read them writes into what the program got from ``locals()``.
    """
    code = frame.f_code
    held = (namespace[code.co_name] for namespace in namespaces(kind) if code.co_name in namespace)
    return any(type(one) is FunctionType and one.__code__ is code for each in held for one in layers(each))


def _made(signal: Any) -> _Created | None:
    made = _CREATED.get(id(signal))
    return made if made is not None and made.signal() is signal else None


def _named_elsewhere(signal: Any) -> SignalWords:
    """Name a signal by what holds it where it was made, else by that line, else by its class."""
    made = _made(signal)
    return (_named_inside(signal, made) if made else None) or _nameless(signal, made)


def _nameless(signal: Any, made: _Created | None) -> SignalWords:
    kind = class_path(type(signal)).rpartition(".")[2]
    if made is None:
        return SignalWords(f"<{kind}>", f"<{kind}>", "custom")
    number = f" #{made.number}" if made.number > 1 else ""
    text = f"<{kind} {made.at.file}:{made.at.line}{number}>"
    return SignalWords(text, text, "custom")


def _named_inside(signal: Any, made: _Created) -> SignalWords | None:
    """Name a signal by what holds it in the module that made it, if something there does."""
    return _inside_module(signal, made.module)


def _inside_module(signal: Any, module_name: str) -> SignalWords | None:
    module = sys.modules.get(module_name)
    if issubclass(type(module), ModuleType):
        for name, thing in list(variables.namespace(module).items()):
            if plain(name).startswith("__"):  # builtins, and what the module was loaded by
                continue
            for end, found in _inside(thing, _DEPTH):
                if found is signal:
                    last = end.rpartition(".")[2] if end.startswith(".") else f"{plain(name)}{end}"
                    return SignalWords(f"{module_name}.{plain(name)}{end}", last, "custom")
    return None


_DEPTH = 2  # a dict in a class in a module
_MEMBERS = 1_000  # of the largest collection that is looked into


def _inside(thing: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield the signals in a class, an object or a collection, each with what leads to it."""
    if depth <= 0:
        return
    for step, member in _members(thing):
        if issubclass(type(member), Signal):
            yield step, member
        else:
            for further, found in _inside(member, depth - 1):
                yield f"{step}{further}", found


def _members(thing: Any) -> Iterator[tuple[str, Any]]:
    kind = type(thing)
    if kind is dict or kind is list or kind is tuple:
        if len(thing) <= _MEMBERS:
            pairs = thing.items() if kind is dict else enumerate(thing)
            yield from ((f"[{key!r}]", held) for key, held in list(pairs) if type(key) in (str, int))
    elif not issubclass(kind, ModuleType | FunctionType | str | bytes):
        own = contents(thing)
        yield from ((f".{plain(name)}", held) for name, held in own.items() if type(name) is str)
