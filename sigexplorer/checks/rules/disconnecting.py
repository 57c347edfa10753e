"""Connections that meet each other, and those that are undone."""

from __future__ import annotations

import ast
import itertools
from collections import defaultdict
from collections.abc import Iterator

from sigexplorer.checks.facts import Function
from sigexplorer.checks.listeners import Listener
from sigexplorer.checks.names import USER_MODEL, chain, resolve
from sigexplorer.checks.project import Project, short
from sigexplorer.checks.rule import Hit, at_listener, rule


def _literal(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _sender_key(listener: Listener) -> str | None:
    """Return what tells senders apart; None where the source does not tell which it is."""
    if listener.catches_all:
        return "*"
    return listener.sender


@rule("SX008", "error")
def duplicate_uid(project: Project) -> Iterator[Hit]:
    """Two receivers share one ``dispatch_uid``.

    A ``dispatch_uid`` stands for the receiver: the first connection wins, and a different
    function with the same uid, signal and sender is dropped in silence.

    Give each receiver a uid of its own, such as its dotted path.
    """
    for listener, _, known in _dropped(project):
        uid = _literal(listener.connection.dispatch_uid)
        message = f"{listener.name} is not connected: {known.name} has the same dispatch_uid '{uid}'"
        yield at_listener(listener, message)


def _dropped(project: Project) -> Iterator[tuple[Listener, str, Listener]]:
    """Return what is not connected to a signal because another has its uid, and that other."""
    first: dict[tuple[object, str, str], Listener] = {}
    for listener in project.listeners:
        uid, sender = _literal(listener.connection.dispatch_uid), _sender_key(listener)
        if uid is None or sender is None or listener.function is None or listener.connection.file.is_test:
            continue
        for signal in listener.signals:
            known = first.setdefault((uid, signal, sender), listener)
            if known.function is not listener.function and _branches(known) == _branches(listener):
                yield listener, signal, known


@rule("SX009", "warning")
def connected_twice(project: Project) -> Iterator[Hit]:
    """The same receiver is connected several times and runs as often.

    A connection is told apart by receiver (or ``dispatch_uid``) and sender. Connected once
    for every sender and once for one of them, or with two uids, a receiver runs twice for
    the same event. So does one whose module is imported under two names.

    With the running project: files that were imported under two names.

    Connect it once, for a list of signals if need be.
    """
    dropped = {(id(listener), signal) for listener, signal, _ in _dropped(project)}
    for receiver in project.receivers:
        if receiver.function.file.is_test or receiver.function.name == "__call__":  # of several objects
            continue
        kept: dict[str, list[Listener]] = defaultdict(list)
        for listener in receiver.listeners:
            for signal in listener.signals:
                if (id(listener), signal) in dropped:
                    continue  # SX008 says so
                if any(_both_run(known, listener) for known in kept[signal]):
                    message = (
                        f"{listener.name} is connected to {short(signal)} several times and runs as often"
                    )
                    yield at_listener(listener, message)
                kept[signal].append(listener)
    yield from _two_modules(project)


def _both_run(one: Listener, other: Listener) -> bool:
    first, second = _sender_key(one), _sender_key(other)
    if first is None or second is None or _branches(one) != _branches(other):
        return False  # not told, or in branches of which only one may run
    if first != second:
        return "*" in (first, second)
    uids = _literal(one.connection.dispatch_uid), _literal(other.connection.dispatch_uid)
    return uids[0] != uids[1]


def _branches(listener: Listener) -> list[tuple[ast.AST, str]]:
    """Return the conditions around a connection, and in which of their arms it stands."""
    raw = listener.connection
    place = raw.target.node if raw.decorator and isinstance(raw.target, Function) else raw.node
    found: list[tuple[ast.AST, str]] = []
    for one, inner in itertools.pairwise([*raw.ancestors, place]):
        if isinstance(one, ast.If | ast.Try | ast.For):
            arms = ("body", "orelse", "handlers", "finalbody")
            found.append((one, next((arm for arm in arms if inner in getattr(one, arm, ())), "")))
    return found


def _two_modules(project: Project) -> Iterator[Hit]:
    if project.live is None:
        return
    for listener in project.listeners:
        modules = project.live.modules.get(str(listener.file.path.resolve()), ())
        if len(modules) > 1 and listener.connection.decorator and listener.connection.scope.parent is None:
            names = " and ".join(modules[:3])
            yield at_listener(
                listener, f"{listener.name} is connected twice: its file is imported as {names}"
            )


@rule("SX011", "error")
def futile_disconnect(project: Project) -> Iterator[Hit]:
    """The ``disconnect`` matches no connection.

    ``disconnect`` finds a connection by receiver (or ``dispatch_uid``) and sender, exactly as
    they were given to ``connect``. With another sender, or without the uid, it returns
    ``False`` and the receiver stays. A new lambda is never the one that was connected.

    Repeat the sender and the ``dispatch_uid`` of the connection.
    """
    connected: dict[Function, list[Listener]] = defaultdict(list)
    for listener in project.listeners:
        if listener.function is not None:
            connected[listener.function].append(listener)
    for listener in project.disconnections:
        if any(one.arg == "weak" for one in listener.node.keywords):
            yield at_listener(listener, f"disconnecting {listener.name} with weak= raises TypeError")
        elif isinstance(listener.connection.target, ast.Lambda):
            yield at_listener(listener, "disconnecting a lambda does nothing: this one was never connected")
        elif listener.function is not None and not listener.connection.vague:
            known = [one for one in connected[listener.function] if set(one.signals) & set(listener.signals)]
            if not known and _is_another(project, connected[listener.function], listener):
                others = ", ".join(
                    sorted({short(path) for one in connected[listener.function] for path in one.signals})
                )
                yield at_listener(
                    listener, f"disconnecting {listener.name} does nothing: it is connected to {others}"
                )
            if known and not any(_may_match(one, listener) for one in known):
                message = f"disconnecting {listener.name} does nothing: its sender or uid was another"
                yield at_listener(listener, message)


def _is_another(project: Project, connected: list[Listener], listener: Listener) -> bool:
    """Whether a function is surely connected to other signals only."""
    function = listener.function
    if not connected or function is None or not project.is_whole or function.name == "__call__":
        return False
    for one in function.node.decorator_list:  # another one may connect it as well
        if (
            resolve(one.func if isinstance(one, ast.Call) else one, function.owner)
            != "django.dispatch.receiver"
        ):
            return False
    known = {id(one.connection) for one in connected if len(one.signals) == len(one.connection.signal_nodes)}
    for file in project.files:
        if any(path.endswith(f".{function.name}") for path in file.values):
            return False  # whoever is given it may connect it
        for raw in file.connections:
            target = raw.target
            name = (
                target.name
                if isinstance(target, Function)
                else chain(target)[-1]
                if target
                else function.name
            )
            if name == function.name and id(raw) not in known:
                return False
    return len(known) == len(connected)


def _may_match(connected: Listener, disconnected: Listener) -> bool:
    if connected.connection.vague:
        return True
    senders = [_sender_key(connected), _sender_key(disconnected)]
    uids = [connected.connection.dispatch_uid, disconnected.connection.dispatch_uid]
    if any(uid is not None and not isinstance(uid, ast.Constant) for uid in uids):
        return True
    if _literal(uids[0]) != _literal(uids[1]):
        return False
    return _may_be_one(*senders)


def _may_be_one(first: str | None, second: str | None) -> bool:
    """Whether two senders may be the same; a model's class and its ``"app.Model"`` are."""
    if first is None or second is None or first == second:
        return True
    if "*" in (first, second):
        return False
    return USER_MODEL in (first, second) or short(first).lower() == short(second).lower()


@rule("SX014", "warning")
def disconnected_around(project: Project) -> Iterator[Hit]:
    """A receiver is disconnected and connected again around some work.

    The signal belongs to the whole process: meanwhile no other thread is heard either. An
    exception in between leaves it disconnected, and afterwards the receiver is the last in
    the order of calls. A class that disconnects in ``__enter__`` and connects in ``__exit__`` does
    the same around the body of each ``with``.

    Tell the receiver in another way: ``update()``, a flag on the instance, or a context variable.
    """
    by_scope: dict[int, list[Listener]] = defaultdict(list)
    by_exit: dict[tuple[str, str], list[Listener]] = defaultdict(list)
    for listener in project.listeners:
        by_scope[id(listener.connection.scope)].append(listener)
        by_exit[listener.file.shown, listener.connection.scope.qualname].append(listener)
    for before in project.disconnections:
        raw = before.connection
        if raw.file.is_test or raw.scope.parent is None or raw.scope.is_class:
            continue
        leaves = _exit_of(raw.scope.qualname)
        leaving = by_exit[raw.file.shown, leaves] if leaves else []
        for after in [*by_scope[id(raw.scope)], *leaving]:
            again = after.connection
            if (
                (again.node.lineno > raw.node.lineno or after in leaving)
                and set(after.signals) & set(before.signals)
                and after.name == before.name
            ):
                message = (
                    f"{before.name} is disconnected around some work: other threads are not heard meanwhile"
                )
                yield at_listener(before, message)
                break


def _exit_of(qualname: str) -> str:
    """Return the method that undoes what ``__enter__`` did; "" of another function."""
    for before, after in (("__enter__", "__exit__"), ("__aenter__", "__aexit__")):
        if qualname.endswith(f".{before}"):
            return qualname.removesuffix(before) + after
    return ""


@rule("SX015", "warning")
def reads_receivers(project: Project) -> Iterator[Hit]:
    """``signal.receivers`` is read.

    The list is private to Django: its tuples had three members in Django 5.2 and have four
    since 6.0, dead receivers stay in it, and what is written to it bypasses the lock and the cache.

    Ask ``signal.has_listeners(sender)``, or look with ``sigexplorer receivers``.
    """
    for file in project.files:
        for noted in file.registries:
            assert isinstance(noted.node, ast.Attribute)  # noqa: S101 - only attributes are noted there
            signal = project.signal_of(noted.node.value, noted.scope, file)
            if signal is not None:
                message = (
                    f"{short(signal)}.receivers is private: its tuples differ between versions of Django"
                )
                yield Hit(file, noted.node, message, None, signal)
