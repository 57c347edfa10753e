"""What a receiver makes of the arguments that are sent."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches

from sigexplorer.checks.actions import Actions
from sigexplorer.checks.bodies import (
    aliases,
    decorated_otherwise,
    is_argument,
    is_caught,
    looks_at,
    reads,
    taken_arguments,
)
from sigexplorer.checks.listeners import Receiver
from sigexplorer.checks.project import Project, page_of, short
from sigexplorer.checks.rule import Hit, at_receiver, rule
from sigexplorer.checks.sends import sent_with
from sigexplorer.checks.taking import blindly_taken

_NEAR = 0.85  # of difflib's ratio: a letter more or less
_ALWAYS = frozenset({"sender", "signal"})


@rule("SX031", "error")
def not_sent(project: Project) -> Iterator[Hit]:
    """The receiver reads an argument that the signal does not send.

    A parameter without default that is not sent makes every send raise ``TypeError``, and
    ``kwargs["name"]`` raises ``KeyError``; ``kwargs.get("name")`` is always ``None``, a note. One with
    a default is found where it is nearly called as what is sent: it keeps its default for ever.
    A key is left alone that the receiver asks for first, ``if "name" in kwargs``, or puts there itself.

    Of a signal of the project's own this is found only where each of its sends is seen: not where
    it is handed on as a value, or where a file alone is checked that belongs to no project.

    See ``sigexplorer docs SIGNAL`` for what is sent.
    """
    for receiver in project.receivers:
        if decorated_otherwise(receiver) or receiver.function.in_class:
            continue
        for path in sorted(receiver.signals):
            yield from _unsent(project, receiver, path)


def _unsent(project: Project, receiver: Receiver, path: str) -> Iterator[Hit]:
    sent = _arguments(project, path)
    page = page_of(path)
    if sent is None or (page is not None and page.group == "auth"):  # SX034 speaks of these
        return
    function = receiver.function
    missing = [name for name, needed in function.parameters.items() if needed and name not in sent]
    if short(path) == "pre_save":
        missing = [name for name in missing if name != "created"]  # SX032 does
    for name in missing:
        yield at_receiver(receiver, f"{function.name} needs '{name}', which {short(path)} does not send")
    if len(receiver.signals) > 1:
        return  # what is read may belong to another of its signals
    for name in (one for one, needed in function.parameters.items() if not needed and one not in sent):
        meant = get_close_matches(name, sent - set(function.parameters), 1, _NEAR)
        if meant:
            message = (
                f"{function.name} takes '{name}', which {short(path)} does not send: it sends '{meant[0]}'"
            )
            yield at_receiver(receiver, message)
    yield from _taken_in_vain(receiver, path, sent)


def _taken_in_vain(receiver: Receiver, path: str, sent: set[str]) -> Iterator[Hit]:
    function = receiver.function
    for name, place in blindly_taken(function):
        if name in sent or (short(path) == "pre_save" and name == "created"):
            continue
        message = f"{function.name} reads '{name}', which {short(path)} does not send"
        if _raises(place):
            yield at_receiver(receiver, message, place)
        elif page_of(path) is not None:  # of others it is asked whatever signal comes
            yield replace(at_receiver(receiver, message, place), level="note")


def _raises(taken: ast.AST) -> bool:
    """Whether taking something out of ``**kwargs`` fails where it is not there."""
    if not isinstance(taken, ast.Call):
        return True
    method = taken.func
    return isinstance(method, ast.Attribute) and method.attr == "pop" and len(taken.args) == 1


def _arguments(project: Project, path: str) -> set[str] | None:
    """Return what a signal sends; None where nobody can tell."""
    page = page_of(path)
    if page is not None:
        names = {argument.name for argument in page.arguments} | _ALWAYS
        return names | ({"scope", "environ"} if page.name == "request_started" else set())
    sent = sent_with(project, path)
    return None if sent is None else sent | _ALWAYS


@rule("SX032", "error")
def created_in_pre_save(project: Project) -> Iterator[Hit]:
    """``created`` is read in ``pre_save``.

    Only ``post_save`` sends ``created``: before the save nobody knows yet. As a parameter it
    makes every save raise ``TypeError``; taken from ``kwargs`` it is always ``None``.

    Ask ``instance._state.adding``, or connect to ``post_save``.
    """
    for receiver in project.on("pre_save"):
        function = receiver.function
        if decorated_otherwise(receiver):
            continue
        if function.parameters.get("created"):
            yield at_receiver(receiver, f"{function.name} needs 'created', which pre_save does not send")
        elif receiver.names == {"pre_save"}:
            read = next((place for name, place in blindly_taken(function) if name == "created"), None)
            if read is not None or "created" in function.names_read & set(function.parameters):
                yield at_receiver(
                    receiver, f"{function.name} reads 'created', which pre_save does not send", read
                )


@rule("SX033", "warning")
def environ_required(project: Project) -> Iterator[Hit]:
    """A ``request_started`` receiver requires ``environ``.

    Under ASGI ``request_started`` is sent with ``scope`` and without ``environ``: a receiver
    that requires it fails with every request.

    Give it a default: ``environ=None``.
    """
    for receiver in project.on("request_started"):
        function = receiver.function
        taken = any(name == "environ" and needed for name, _, needed in taken_arguments(function))
        caught = taken and any(is_caught(above) for _, above in function.steps)
        if function.parameters.get("environ") or (taken and not caught and not reads(function, "scope")):
            message = f"{function.name} requires 'environ', which request_started does not send under ASGI"
            yield at_receiver(receiver, message)


@rule("SX035", "warning")
def may_be_none(project: Project) -> Iterator[Hit]:
    """``request`` or ``user`` is used though it may be ``None``.

    ``authenticate()`` without a request sends ``user_login_failed`` with ``request=None``, and
    ``logout()`` of a visitor who is not logged in sends ``user_logged_out`` with ``user=None``.

    Test it before it is used.
    """
    for signal, argument in (("user_login_failed", "request"), ("user_logged_out", "user")):
        for receiver in project.on(signal):
            function = receiver.function
            names = aliases(function, argument)
            if looks_at(function, names, argument):
                continue
            for node, above in function.steps:
                base = node.value if isinstance(node, ast.Attribute | ast.Subscript) else None
                if base is not None and is_argument(function, base, argument, names) and not is_caught(above):
                    message = f"{function.name} uses '{argument}', which may be None in {signal}"
                    yield at_receiver(receiver, message, node)
                    break


@rule("SX036", "warning")
def pk_set_of_clear(project: Project) -> Iterator[Hit]:
    """``pk_set`` is used though ``clear()`` sends ``None``.

    ``m2m_changed`` has six actions. With ``pre_clear`` and ``post_clear`` there is no
    ``pk_set``: looping over it raises ``TypeError``. A condition on ``action`` that lets a clear
    through, such as ``action.startswith("post_")`` or ``action != "pre_add"``, is no help.

    Look at ``action`` first, or write ``pk_set or ()``.
    """
    for receiver in project.on("m2m_changed"):
        function = receiver.function
        names = aliases(function, "pk_set")
        if looks_at(function, names, "pk_set"):
            continue
        acts = looks_at(function, aliases(function, "action"), "action")
        for node, above in function.steps:
            if not is_argument(function, node, "pk_set", names) or not above or is_caught(above):
                continue
            if acts and not Actions(function).clear_comes_to(node, above):
                continue
            around = above[-1]
            used = (
                (isinstance(around, ast.For | ast.comprehension) and around.iter is node)
                or (
                    isinstance(around, ast.Call)
                    and getattr(around.func, "id", "") in ("len", "list", "set", "sorted", "tuple")
                )
                or (isinstance(around, ast.keyword) and (around.arg or "").endswith("__in"))
            )
            if used:
                yield at_receiver(
                    receiver,
                    f"{function.name} uses 'pk_set', which is None for clear()",
                    node,
                    among=("m2m_changed",),
                )
                break


@rule("SX037", "warning")
def action_not_read(project: Project) -> Iterator[Hit]:
    """The ``action`` of ``m2m_changed`` is never looked at.

    Every change sends at least two signals, ``pre_...`` and ``post_...``; ``set()`` sends up
    to four. A receiver that does not look at ``action`` does its work for each of them, half
    of the times before anything changed.

    Compare ``action`` with the ones you mean.
    """
    for receiver in project.on("m2m_changed"):
        function = receiver.function
        if function.file.is_test or decorated_otherwise(receiver):
            continue
        if not reads(function, "action") and function.steps and not _is_empty(receiver):
            yield at_receiver(
                receiver, f"{function.name} never looks at 'action': it runs before and after each change"
            )


def _is_empty(receiver: Receiver) -> bool:
    return all(
        isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in receiver.function.node.body
    )
