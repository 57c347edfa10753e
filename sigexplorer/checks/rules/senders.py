"""Senders that can never match, or match less or more than was meant."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sigexplorer.checks.facts import File, Scope
from sigexplorer.checks.labels import models_called
from sigexplorer.checks.listeners import Listener, Receiver
from sigexplorer.checks.names import USER_MODEL, chain
from sigexplorer.checks.project import ABSTRACT, MODEL_SIGNALS, STOCK_MODELS, Project, short
from sigexplorer.checks.registered import connected_for
from sigexplorer.checks.rule import Hit, at_listener, rule

_DELETES = frozenset({"pre_delete", "post_delete"})
_OF_MODELS = frozenset(short(path) for path in MODEL_SIGNALS)
_OF_ROWS = _OF_MODELS - {"m2m_changed"}


@rule("SX020", "error")
def m2m_not_through(project: Project) -> Iterator[Hit]:
    """The sender of ``m2m_changed`` is no through model.

    ``m2m_changed`` is sent by the model of the table in between, never by the models on
    either side, nor by the field.

    Use ``sender=Post.tags.through``.
    """
    throughs = {
        short(relation.through)
        for found in project.classes.values()
        for relation in found.relations.values()
        if relation.through
    }
    for listener in project.listeners:
        if "m2m_changed" not in listener.names or listener.sender is None:
            continue
        path = listener.sender
        if listener.sender_text is not None:
            path = next((found.path for found in models_called(project, listener.sender_text)), "")
        owner = project.classes.get(path.rpartition(".")[0])
        if owner is not None and short(path) in owner.relations:
            message = (
                f"{listener.name} never runs: {owner.name}.{short(path)} is the field, its model is .through"
            )
        elif (
            path in STOCK_MODELS
            or path == USER_MODEL
            or (
                project.is_model(path)
                and short(path) not in throughs
                and path not in ABSTRACT
                and not _has_keys(project, path)
            )
        ):
            message = f"{listener.name} never runs: {short(path)} is no through model of a many-to-many field"
        else:
            continue
        yield at_listener(listener, message, listener.connection.sender)


def _has_keys(project: Project, path: str) -> bool:
    """Whether a model has two foreign keys, and may be somebody's through model."""
    relations = project.classes[path].relations.values() if path in project.classes else ()
    many = any("ManyToMany" in one.kind for one in relations)
    return not many and sum("Key" in one.kind for one in relations) >= 2  # noqa: PLR2004 - one for each side


@rule("SX021", "error")
def abstract_sender(project: Project) -> Iterator[Hit]:
    """The sender is an abstract model.

    A signal is sent by the class of the instance, and senders are compared by identity: an
    abstract model or another base class never is the sender, and its children do not count
    as it.

    With the running project: senders from other packages, too.

    Connect to each concrete model, or to every sender with ``issubclass(sender, Base)`` in the receiver.
    """
    for listener in project.listeners:
        if not listener.names & _OF_MODELS or listener.sender is None:
            continue
        found = project.classes.get(listener.sender)
        if listener.sender_text is not None:
            found = next(iter(models_called(project, listener.sender_text)), None)
        running = listener.function is not None and any(
            live.is_abstract and live.sender_path == listener.sender
            for live in project.running.get(listener.function, ())
        )
        if listener.sender in ABSTRACT or running or (found is not None and found.abstract):
            message = (
                f"{listener.name} never runs: {short(listener.sender)} is abstract and is never the sender"
            )
            yield at_listener(listener, message, listener.connection.sender)


@rule("SX022", "warning")
def sender_with_relatives(project: Project) -> Iterator[Hit]:
    """The sender has proxies or children that do not match.

    Saving through a proxy sends the signal with the proxy as sender, and saving a child of
    multi-table inheritance with the child: a receiver of the parent hears neither.

    With the running project: proxies and children from other packages, too.

    Connect to each of them as well, or leave a comment that this is meant.
    """
    for receiver in project.receivers:
        for sender, listeners in _by_sender(receiver).items():
            only_proxies = all(one.names <= _DELETES for one in listeners)
            relatives = _relatives(project, sender, only_proxies=only_proxies)
            paths = {one for one in relatives if one not in receiver.senders}
            missed = sorted({_told(project, one, paths | {sender}) for one in paths})
            if missed:
                first = listeners[0]
                what = ", ".join(missed[:3]) + (f" and {len(missed) - 3} more" if len(missed) > 3 else "")  # noqa: PLR2004
                own = _told(project, sender, paths)
                message = f"{first.name} does not hear {what}: only {own} itself matches"
                yield at_listener(first, message, first.connection.sender)


def _told(project: Project, path: str, others: set[str]) -> str:
    """Return what a model is called: with its app where another among these has the same name."""
    if not any(short(one) == short(path) for one in others - {path}):
        return short(path)
    if project.live is not None:
        labels = (one.label for one in project.live.models.values() if path in (one.path, one.label))
        return next(labels, path)
    found = project.classes.get(path)
    return f"{next(iter(project.owners.labels_of(found)))}.{found.name}" if found is not None else path


def _by_sender(receiver: Receiver) -> dict[str, list[Listener]]:
    """Return a receiver's connections to signals of rows, by model: one finding each is enough."""
    found: dict[str, list[Listener]] = {}
    for listener in receiver.listeners:
        if listener.sender and listener.names & _OF_ROWS and not listener.file.is_test:
            found.setdefault(listener.sender, []).append(listener)
    return found


def _relatives(project: Project, sender: str, *, only_proxies: bool) -> list[str]:
    """Return the paths of a model's proxies and children."""
    if project.live is not None:
        models = {one.path: one for one in project.live.models.values()}
        named = models.get(sender) or project.live.models.get(sender.lower())
        derived = [project.live.models[label.lower()] for label in named.derived] if named else []
        return [one.path for one in derived if one.is_proxy or not only_proxies]
    path = sender
    if sender not in project.classes and "." in sender:
        path = next((found.path for found in models_called(project, sender)), sender)
    own = project.classes.get(path)
    if not project.is_model(path) or path in ABSTRACT or (own is not None and own.abstract):
        return []
    derived_here = (
        one for one in project.children.get(path, []) if not one.abstract and not one.file.is_test
    )
    return [one.path for one in derived_here if one.proxy or not only_proxies]


@rule("SX023", "error")
def text_as_sender(project: Project) -> Iterator[Hit]:
    """A string is the sender of a signal that knows no ``"app.Model"``.

    Only the model signals look a string up. Any other signal compares the string itself, by
    identity, with whatever was sent, so it never matches, or does so by accident.

    With the running project: texts that the source does not show.

    Pass the object that is sent as the sender.
    """
    told = set()
    for listener in project.listeners:
        if listener.sender_text is None and listener.sender != USER_MODEL:
            continue
        if listener.sender == USER_MODEL and not _is_settings(listener):
            continue
        plain = [path for path in listener.signals if _is_plain(project, path, listener.sender_text)]
        if plain:
            text = listener.sender_text or "settings.AUTH_USER_MODEL"
            message = f"{listener.name} never runs: {short(plain[0])} compares the text '{text}' by identity"
            yield at_listener(listener, message, listener.connection.sender)
            told.add(listener.function)
    for function, live in connected_for(project.running, "text"):
        text = live.sender or ""
        if function not in told and _is_plain(project, live.signal, text):
            message = (
                f"{function.called} never runs: {short(live.signal)} compares the text '{text}' by identity"
            )
            yield Hit(function.file, function, message, function.path, live.signal)
            told.add(function)


def _is_settings(listener: Listener) -> bool:
    return chain(listener.connection.sender or ast.Constant(None))[-1] == "AUTH_USER_MODEL"


def _is_plain(project: Project, path: str, text: str | None) -> bool:
    own = project.signals.get(path)
    if own is None:
        return (
            path.startswith("django.") and path not in MODEL_SIGNALS and not path.endswith(".class_prepared")
        )
    if own.is_model_signal:
        return False
    return text is None or not text.isidentifier() or not _may_be_sent(project, path, text)


def _may_be_sent(project: Project, path: str, text: str) -> bool:
    """Whether a send in these files may name the text as its sender."""
    for file in project.files:
        for noted in file.sends:
            call = noted.node
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            signal = project.signal_of(call.func.value, noted.scope, file)
            sender = next((one.value for one in call.keywords if one.arg == "sender"), None)
            sender = sender or (call.args[0] if call.args else None)
            if isinstance(sender, ast.Constant):
                if sender.value == text and signal in (path, None):
                    return True
            elif signal == path and not _is_class(project, sender, noted.scope, file):
                return True
    return False


def _is_class(project: Project, node: ast.expr | None, scope: Scope, file: File) -> bool:
    """Whether an expression is ``self``, its class, or another class, and so no text."""
    if isinstance(node, ast.Call):
        return chain(node.func) == ["type"]
    if node is None or chain(node) in (["self"], ["self", "__class__"], ["cls"]):
        return node is not None
    return project.resolve(node, scope, file) in project.classes
