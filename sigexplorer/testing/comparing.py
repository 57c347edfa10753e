"""Whether an argument is what was sent: as Python compares, with what was kept of it.

What nobody can know any more is an error, and never an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigexplorer.capture import words
from sigexplorer.capture.keeping import (
    ATOMS,
    COLLECTIONS,
    HOLDS_CODE,
    Collected,
    Held,
    Instance,
    Node,
    Originals,
    Referred,
    Unkept,
)
from sigexplorer.capture.keys import key_of
from sigexplorer.errors import SigexplorerError, UsageError
from sigexplorer.masking import looks_secret
from sigexplorer.model import SECRET, Dispatch

__tracebackhide__ = True

_GONE = object()

_NOBODY = "django.contrib.auth.models.AnonymousUser"


class Values:
    """What was really sent with the dispatches of a trace, by their ids."""

    def __init__(self, kept: Mapping[int, Originals]) -> None:
        self._kept = kept
        self._keys: dict[int, list[tuple[Any, ...]]] | None = None

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
        try:
            return (
                _by_words(told, wanted, name) if _is_error(node, told) else self.is_same(node, wanted, name)
            )
        except UsageError as problem:
            raise problem.with_traceback(None) from None  # its frames hold what was sent

    def is_text(self, dispatch: Dispatch, name: str) -> bool:
        """Whether the argument ``name`` of a dispatch is a text, and not something that has words."""
        node = self._kept.get(dispatch.id, {}).get(name)
        return node is None or (isinstance(node, Held) and isinstance(node.thing, str))

    def is_same(self, node: Node, wanted: Any, name: str) -> bool:
        """Whether something is what is wanted."""
        wanted = _unwrapped(wanted)
        match node:
            case Instance():
                return self._is_instance(node, wanted, name)
            case Referred(reference, _):
                sent = reference()
                return _is_gone(node, wanted, name) if sent is None else _are_equal(sent, wanted, name)
            case Collected(kind, members) if issubclass(kind, (set, frozenset)):
                return self._is_set(members, wanted, name)
            case Unkept(why):
                if _is_never(wanted, name):
                    return False
                raise _unknowable(name, why)
        return _are_equal(self._made(node, name), wanted, name)

    def _made(self, node: Node, name: str) -> Any:
        """Return what compares as what was sent."""
        match node:
            case Held(thing):
                return thing
            case Collected(kind, members) if not issubclass(kind, (set, frozenset)):
                make: Any = kind
                if issubclass(kind, dict):
                    return make((_real(key, name), self._made(one, name)) for key, one in members)
                return make(self._made(one, name) for one in members)
            case Referred(reference, _) if (sent := reference()) is not None:
                return sent
        return _Stand(self, node, name)

    def _is_set(self, members: tuple[Node, ...], wanted: Any, name: str) -> bool:
        """Whether each of one is in the other, as no two of either are the same."""
        if not isinstance(wanted, (set, frozenset)):
            return _are_equal(_GONE, wanted, name)
        if len(members) != len(wanted):
            return False
        if all(isinstance(one, Held) for one in members):
            return _are_equal({one.thing for one in members if isinstance(one, Held)}, wanted, name)
        return all(any(self.is_same(node, one, name) for one in wanted) for node in members)

    def _is_instance(self, node: Instance, wanted: Any, name: str) -> bool:
        """Whether two instances are one: by their keys where both have one, else as objects."""
        sent = node.reference()
        if words.model_label(type(wanted)) is None:
            return _is_gone(node, wanted, name) if sent is None else _are_equal(sent, wanted, name)
        now, known = key_of(wanted), _is_key(node.key)
        if sent is wanted and not (known and _is_key(now)):  # else it may be another row by now
            return True
        kind = node.kind() if node.kind is not None else None
        if kind is None or concrete(kind) is not concrete(type(wanted)):
            return False  # a model that is gone is none that there is
        keys = [node.key] if known else self._keys_of(node, sent)
        return _is_key(now) and any(_are_keys(kind, key, now, name) for key in keys)

    def _keys_of(self, node: Instance, sent: Any) -> list[tuple[Any, ...]]:
        """Return the keys that an object that was sent without one is known to have had later, or has."""
        if self._keys is None:
            self._keys = {}
            for kept in self._kept.values():
                for one in kept.values():
                    if isinstance(one, Instance) and _is_key(one.key):
                        self._keys.setdefault(id(one.reference), []).append(one.key)
        own = [] if sent is None else [key_of(sent)]
        return [key for key in (*self._keys.get(id(node.reference), ()), *own) if _is_key(key)]


class _Stand:
    """Stands in a collection for what is not there itself."""

    __slots__ = ("_name", "_node", "_values")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, values: Values, node: Node, name: str) -> None:
        self._values = values
        self._node = node
        self._name = name

    def __eq__(self, other: object) -> bool:
        return self._values.is_same(self._node, other, self._name)


def _unwrapped(wanted: Any) -> Any:
    """Return what a lazy object stands for, as ``request.user`` does."""
    if words.is_a(wanted, "django.utils.functional.LazyObject"):
        bool(wanted)  # it is made when it is first asked for anything
        return words.attribute(wanted, "_wrapped")
    return wanted


def _are_equal(sent: Any, wanted: Any, name: str) -> bool:
    """Whether two things are equal, as Python says."""
    if sent is wanted:
        return True
    try:
        return bool(sent == wanted)
    except SigexplorerError:
        raise
    except Exception as problem:  # noqa: BLE001 - whatever the program compares by
        # Neither its frames nor, of a secret, its message may be shown: they may hold what was sent.
        told = (
            words.class_path(type(problem)).removeprefix("builtins.")
            if looks_secret(name)
            else words.error(problem)
        )
        raise _unknowable(name, f"its comparison raised {told}") from None


def _is_gone(node: Referred | Instance, wanted: Any, name: str) -> bool:
    """Compare with something that nobody has any more, where its class alone tells."""
    if type(wanted) not in (*ATOMS, *COLLECTIONS) and _are_equal(_GONE, wanted, name):
        return True  # to whom all is the same
    if _is_never(wanted, name):
        return False
    kind = node.kind() if node.kind is not None else None
    if kind is not None and words.class_path(kind) == _NOBODY:
        return isinstance(wanted, kind)  # as it compares
    by_itself = isinstance(node, Instance) or _compares_by_itself(kind)
    other = kind is not type(wanted)
    if by_itself and other and (type(wanted) in (*ATOMS, *COLLECTIONS) or _compares_by_itself(type(wanted))):
        return False
    raise _unknowable(name, "what was sent is gone")


def _is_never(wanted: Any, name: str) -> bool:
    """Whether nothing that was sent as an object is equal to that."""
    return wanted is None or (type(wanted) is bool and not _are_equal(_GONE, wanted, name))


def _compares_by_itself(kind: type | None) -> bool:
    return kind is not None and words.class_attribute(kind, "__eq__") is object.__eq__


def _is_error(node: Node, told: Any) -> bool:
    """Whether something is an exception, which nobody may hold: its words are compared."""
    return isinstance(node, Unkept) and type(told) is str and told.startswith("<") and node.why == HOLDS_CODE


def _by_words(told: Any, wanted: Any, name: str) -> bool:
    """Compare an exception by its class and its message."""
    if not issubclass(type(wanted), BaseException):
        return type(wanted) not in (*ATOMS, *COLLECTIONS) and _are_equal(_GONE, wanted, name)
    if words.value(wanted, name) != told:
        return False
    if SECRET in told or "…" in told:
        raise _unknowable(name, HOLDS_CODE)
    return True


def _real(node: Node, name: str) -> Any:
    """Return a key of a dict."""
    found = node.thing if isinstance(node, Held) else _GONE
    if isinstance(node, (Referred, Instance)):
        sent = node.reference()
        found = _GONE if sent is None else sent
    if isinstance(node, Collected):
        found = node.kind(_real(one, name) for one in node.members)
    if found is _GONE:
        raise _unknowable(name, "a key of it is gone")
    return found


def _unknowable(name: str, why: str) -> UsageError:
    return UsageError(
        f"the argument '{name}' cannot be compared: {why}",
        "keep it in a variable, or compare what a receiver made of it",
    )


def _is_key(key: tuple[Any, ...]) -> bool:
    """Whether a primary key is known."""
    return bool(key) and all(one is not None for one in key)


def concrete(model: type) -> Any:
    """Return a model; of a proxy what it stands for."""
    return words.attribute(words.class_attribute(model, "_meta"), "concrete_model") or model


def _are_keys(model: Any, sent: tuple[Any, ...], now: tuple[Any, ...], name: str) -> bool:
    """Whether two keys are of one row, each made what the field makes of it: a text of a UUID's."""
    if _are_equal(sent, now, name):
        return True
    primary = model._meta.pk  # noqa: SLF001 - Django's own name for it
    fields = getattr(primary, "fields", None) or (primary,)
    return len(fields) == len(sent) == len(now) and all(
        _are_equal(cleaned(field, one), cleaned(field, other), name)
        for field, one, other in zip(fields, sent, now, strict=True)
    )


def cleaned(field: Any, key: Any) -> Any:
    """Return what a field makes of a key; itself where it can make nothing of it."""
    from django.core.exceptions import ValidationError

    while getattr(field, "remote_field", None) is not None:
        field = field.target_field
    try:
        return field.to_python(key)
    except (ValidationError, TypeError, ValueError):
        return key
