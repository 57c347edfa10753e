"""Whether an argument is what was sent: as Python compares, with what was kept of it.

What nobody can know any more is an error, and never an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sigexplorer.capture import words
from sigexplorer.capture.keeping import Collected, Held, Node, Originals, Referred, Unkept
from sigexplorer.errors import UsageError
from sigexplorer.masking import looks_secret
from sigexplorer.model import SECRET, Dispatch

__tracebackhide__ = True

#: Of these ``1``, ``1.0`` and ``True`` are three.
_EXACT = (type(None), bool, int, float, str, bytes)

_GONE = object()


class Values:
    """What was really sent with the dispatches of a trace, by their ids."""

    def __init__(self, kept: Mapping[int, Originals]) -> None:
        self._kept = kept
        self._keys: dict[int, set[str]] | None = None

    def are_same(self, dispatch: Dispatch, name: str, wanted: object) -> bool:
        """Whether the argument ``name`` of a dispatch is what is wanted.

        An instance of a model is the one with the same model and key; one that has no key
        now, or had none, is only itself. A text may be the words that a trace shows.
        """
        told = dict(dispatch.arguments)[name]
        kept = self._kept.get(dispatch.id)
        if kept is not None and name not in kept:
            return _are_equal(told, wanted, name)
        node = Unkept("what was sent was not kept") if kept is None else kept[name]
        is_text = isinstance(node, Held) and type(node.thing) is str
        if type(wanted) is str and wanted == told and SECRET not in wanted and not is_text:
            return True
        if isinstance(node, Unkept):
            return _by_words(told, wanted, name, node.why)
        try:
            return self._is(node, wanted, name)
        except UsageError as problem:
            raise problem.with_traceback(None) from None  # its frames hold what was sent

    def _is(self, node: Node, wanted: Any, name: str) -> bool:
        match node:
            case Held(thing):
                return _are_equal(thing, wanted, name)
            case Referred(reference, told):
                if words.model_label(type(wanted)) is not None and _is_instance(told):
                    return self._is_instance(node, wanted, name)
                sent = reference()
                if sent is None:
                    return _by_words(told, wanted, name, "what was sent is gone")
                return _are_equal(sent, wanted, name)
            case Collected(kind, members):
                return kind is type(wanted) and self._are_members(kind, members, wanted, name)
        raise _unknowable(name, node.why)

    def _are_members(self, kind: type, members: tuple[Any, ...], wanted: Any, name: str) -> bool:
        if len(members) != len(wanted):
            return False
        if kind is list or kind is tuple:
            return all(self._is(node, one, name) for node, one in zip(members, wanted, strict=True))
        if kind is not dict:  # each of one is in the other, as no two of either are the same
            return all(any(self._is(node, one, name) for one in wanted) for node in members)
        pairs = [(_real(key, name), node) for key, node in members]
        return all(key in wanted and self._is(node, wanted[key], name) for key, node in pairs)

    def _is_instance(self, node: Referred, wanted: Any, name: str) -> bool:
        """Whether two instances are one: by their keys where both have one, else as objects."""
        sent, key, now = node.reference(), _key(node.told), _key(str(words.describe(wanted)))
        if SECRET in (key, now):
            if sent is None:
                raise _unknowable(name, "its key is masked, and the object is gone")
            return sent is wanted or _are_equal(sent, wanted, name)
        if _concrete(node.told) != _concrete(str(words.describe(wanted))):
            return False
        if _is_key(key) and _is_key(now):
            return key == now
        if sent is wanted:
            return True
        return _is_key(now) and now in self._keys_of(node, sent)

    def _keys_of(self, node: Referred, sent: Any) -> set[str]:
        """Return the keys that an object that was sent without one is known to have had later, or has."""
        if self._keys is None:
            self._keys = {}
            for kept in self._kept.values():
                for one in kept.values():
                    if isinstance(one, Referred) and _is_instance(one.told) and _is_key(_key(one.told)):
                        self._keys.setdefault(id(one.reference), set()).add(_key(one.told))
        own = set() if sent is None else {_key(str(words.describe(sent)))}
        return self._keys.get(id(node.reference), set()) | own


def _are_equal(sent: Any, wanted: Any, name: str) -> bool:
    """Whether two things are equal; of numbers and texts their types count."""
    if type(wanted) in _EXACT and type(sent) in _EXACT and type(wanted) is not type(sent):
        return False
    if sent is wanted:
        return True
    try:
        return bool(wanted == sent)
    except Exception as problem:  # noqa: BLE001 - whatever the class of it does
        # Neither its frames nor, of a secret, its message may be shown: they may hold what was sent.
        told = (
            words.class_path(type(problem)).removeprefix("builtins.")
            if looks_secret(name)
            else words.error(problem)
        )
        raise _unknowable(name, f"its comparison raised {told}") from None


def _by_words(told: Any, wanted: Any, name: str, why: str) -> bool:
    """Compare with what is told of something that nobody has any more, where that tells all."""
    if type(wanted) not in _EXACT and _are_equal(_GONE, wanted, name):  # to whom all is the same
        return True
    text = words.value(wanted, name)
    if text != told or type(text) is not type(told):
        return False
    if type(told) is not str:
        return True
    if SECRET in told or "…" in told:
        raise _unknowable(name, why)
    if _is_instance(told):
        whole = _is_key(_key(told))
    elif told.startswith("<"):
        whole = issubclass(type(wanted), (type, BaseException))
    else:  # what is told by its class alone may stand in a collection
        whole = "<" not in _WITH_KEY.sub("", told)
    if not whole:
        raise _unknowable(name, why)
    return True


def _real(node: Node, name: str) -> Any:
    """Return a key of a dict."""
    found = node.thing if isinstance(node, Held) else _GONE
    if isinstance(node, Referred):
        found = node.reference() or _GONE
    if found is _GONE:
        raise _unknowable(name, "a key of it is gone")
    return found


def _unknowable(name: str, why: str) -> UsageError:
    return UsageError(
        f"the argument '{name}' cannot be compared: {why}",
        "keep it in a variable, or compare what a receiver made of it",
    )


def _is_instance(told: object) -> bool:
    """Whether words are those of an instance of a model."""
    return type(told) is str and told.startswith("<") and " pk=" in told


#: The words of an instance that has a key.
_WITH_KEY = re.compile(r"<[\w.]+ pk=(?!None>)[^<>()…]+>")


def _key(told: str) -> str:
    return told.partition(" pk=")[2].removesuffix(">")


def _is_key(key: str) -> bool:
    """Whether a primary key is known."""
    return key not in ("", "None") and not (key.startswith("(") and "None" in key)


def _concrete(told: str) -> str:
    """Return the label of the model in words of an instance; of a proxy that of what it stands for."""
    from django.apps import apps

    label = told[1:].partition(" pk=")[0]
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):  # one that is not installed: of a migration, or of a test
        return label
    return (
        words.model_label(words.attribute(words.class_attribute(model, "_meta"), "concrete_model")) or label
    )
