"""What a receiver does that it should not do there and then."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sigexplorer.checks.bodies import (
    aliases,
    decorated_otherwise,
    evaluated_queries,
    is_argument,
    reads,
    related_call,
)
from sigexplorer.checks.facts import Function
from sigexplorer.checks.handing import TASKS, handed_over, where_no_model
from sigexplorer.checks.listeners import Receiver
from sigexplorer.checks.names import chain, resolve
from sigexplorer.checks.project import Project
from sigexplorer.checks.rule import Hit, at_receiver, rule

_SAVES = ("pre_save", "post_save")
_INITS = ("pre_init", "post_init")
_IN_TRANSACTIONS = ("pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed")

#: Calls that reach out of the transaction, by what they stand for.
_OUTSIDE = (
    ("django.core.mail.", "sends mail"),
    ("smtplib.", "sends mail"),
    ("requests.", "calls the network"),
    ("httpx.", "calls the network"),
    ("aiohttp.", "calls the network"),
    ("urllib.request.urlopen", "calls the network"),
    ("boto3.", "calls the network"),
    ("subprocess.", "starts a process"),
    ("os.system", "starts a process"),
    ("os.popen", "starts a process"),
)
_PREPARED = frozenset(
    {"EmailMessage", "EmailMultiAlternatives", "Session", "Client", "AsyncClient", "Request"}
)
#: What keeps a connection, and what is asked of it.
_CLIENTS = frozenset(
    {
        "httpx.Client",
        "httpx.AsyncClient",
        "requests.Session",
        "requests.session",
        "aiohttp.ClientSession",
        "smtplib.SMTP",
        "smtplib.SMTP_SSL",
    }
)
_REQUESTS = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "options", "request", "sendmail", "send_message"}
)
_MAILS = frozenset({"send_mail", "send_mass_mail", "mail_admins", "mail_managers", "email_user"})


@rule("SX040", "warning")
def ignores_raw(project: Project) -> Iterator[Hit]:
    """The save receiver touches the database and ignores ``raw``.

    ``loaddata`` saves the rows of a fixture with ``raw=True``, in any order: rows that this
    receiver looks up or creates may be missing still, or come twice. What a function does that
    the receiver calls is found too.

    Return early if ``raw``.
    """
    for receiver in project.on(*_SAVES):
        function = receiver.function
        if function.file.is_test or reads(function, "raw") or decorated_otherwise(receiver):
            continue
        related = any(related_call(function, call) for call, _ in function.calls)
        touches = related or next(evaluated_queries(function), None) is not None
        helper = None if touches else _touching(project, function)
        if touches or helper:
            where = f" in {helper}()" if helper else ""
            message = (
                f"{function.name} touches the database{where} and ignores 'raw': loading a fixture runs it"
            )
            yield at_receiver(receiver, message, among=_SAVES)


def _touching(project: Project, function: Function) -> str | None:
    """Name a function that the receiver calls and that surely runs SQL, one step deep."""
    helpers = (project.helper(call, function) for call, _ in function.calls)
    found = (one for one in helpers if one is not None and next(evaluated_queries(one), None) is not None)
    return next((one.name for one in found), None)


@rule("SX042", "warning")
def before_commit(project: Project) -> Iterator[Hit]:
    """Mail, network, a task or a process before the transaction is committed.

    Model signals are sent inside of the transaction. If it rolls back, the mail is still
    sent; and a worker may look for a row that it cannot see yet. What goes through a client
    or session that is made on the spot, ``httpx.Client().get(...)``, and what a function does
    that the receiver calls, is found too.

    Hand it to ``transaction.on_commit()``.
    """
    for receiver in project.on(*_IN_TRANSACTIONS):
        function = receiver.function
        if function.file.is_test:
            continue
        for call, _ in function.calls:
            does = _reaches_out(call, function) or _through_helper(project, call, function)
            if does:
                message = f"{function.name} {does} before the transaction is committed"
                yield at_receiver(receiver, message, call, among=_IN_TRANSACTIONS)


def _through_helper(project: Project, call: ast.Call, function: Function) -> str:
    """Say what a function that the receiver calls does, one step deep."""
    helper = project.helper(call, function)
    if helper is None:
        return ""
    found = (_reaches_out(inner, helper) for inner, _ in helper.calls)
    does = next((one for one in found if one), "")
    return f"{does} in {helper.name}()" if does else ""


def _reaches_out(call: ast.Call, function: Function) -> str:
    path = resolve(call.func, function.scope) or ""
    names = chain(call.func)
    if names[-1] in _PREPARED:
        return ""
    for start, does in _OUTSIDE:
        if path == start or (start.endswith(".") and path.startswith(start)):
            return "" if names[-1][:1].isupper() and names[-1] != "Popen" else does
    if names[-1] in _MAILS:
        return "sends mail"
    return _asked(call.func, function) if isinstance(call.func, ast.Attribute) else ""


def _asked(method: ast.Attribute, function: Function) -> str:
    """Say what the method of a task, a client or a mail does."""
    if method.attr in TASKS:
        return "starts a task"
    if method.attr in _REQUESTS:
        return _by_client(method.value, function)
    return "sends mail" if method.attr == "send" and _is_mail(method.value, function) else ""


def _by_client(node: ast.expr, function: Function) -> str:
    """Say what a request does that goes through a client, made in the function or on the spot."""
    made = [node]
    if isinstance(node, ast.Name):
        assigned = [
            one for one, _ in function.steps if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        ]
        if sum(one.id == node.id for one in assigned) != 1:
            return ""
        made = [
            one.value for one, _ in function.steps if isinstance(one, ast.Assign) and _is_named(one, node)
        ]
        made += [
            one.context_expr
            for one, _ in function.steps
            if isinstance(one, ast.withitem) and getattr(one.optional_vars, "id", None) == node.id
        ]
    for one in made:
        path = (resolve(one.func, function.scope) or "") if isinstance(one, ast.Call) else ""
        if path in _CLIENTS:
            return "sends mail" if path.startswith("smtplib.") else "calls the network"
    return ""


def _is_named(node: ast.Assign, name: ast.Name) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name.id for target in node.targets)


def _is_mail(node: ast.expr, function: Function) -> bool:
    if isinstance(node, ast.Name):
        made = [
            one.value
            for one, _ in function.steps
            if isinstance(one, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == node.id for t in one.targets)
        ]
        return any(_is_mail(value, function) for value in made if not isinstance(value, ast.Name))
    called = resolve(node.func, function.scope) if isinstance(node, ast.Call) else None
    return (called or "").startswith("django.core.mail.")


@rule("SX043", "warning")
def queries_in_init(project: Project) -> Iterator[Hit]:
    """A query for every instance that is made.

    ``pre_init`` and ``post_init`` are sent for each object that a queryset yields: a list of
    a hundred rows runs a hundred queries more, and a query for the same model never ends.
    ``instance.author`` is such a query too, where ``author`` is a foreign key.

    Look it up when it is needed, in a method or a ``cached_property``; of a foreign key read
    ``instance.author_id``.
    """
    for receiver in project.on(*_INITS):
        function = receiver.function
        for node, _ in evaluated_queries(function):
            yield at_receiver(
                receiver, f"{function.name} runs a query for every instance that is made", node, among=_INITS
            )
            break
        else:
            followed = _follows(project, receiver) if receiver.names == {"post_init"} else None
            if followed is not None:
                message = f"{function.name} loads '{followed.attr}' for every instance that is made"
                yield at_receiver(receiver, message, followed)


def _follows(project: Project, receiver: Receiver) -> ast.Attribute | None:
    """Return where a foreign key of the instance is followed, unless the receiver asks what is loaded."""
    function = receiver.function
    known = [project.classes[sender] for sender in receiver.senders if sender in project.classes]
    attributes = [node for node, _ in function.steps if isinstance(node, ast.Attribute)]
    if len(known) != 1 or any(one.attr in ("_state", "__dict__", "is_cached") for one in attributes):
        return None
    keys = {name for name, one in known[0].relations.items() if one.kind in ("ForeignKey", "OneToOneField")}
    names = aliases(function, "instance")
    for one in attributes:
        read = isinstance(one.ctx, ast.Load) and one.attr in keys
        if read and is_argument(function, one.value, "instance", names):
            return one
    return None


@rule("SX046", "warning")
def swallowed(project: Project) -> Iterator[Hit]:
    """The receiver swallows every exception.

    Signals already fail silently enough: with ``except Exception: pass`` nobody learns that
    the receiver does not work. After an error of the database the transaction around it is
    broken as well.

    Catch the exception that you expect, and log the others.
    """
    for receiver in project.receivers:
        function = receiver.function
        if function.file.is_test:
            continue
        for node, _ in function.steps:
            if isinstance(node, ast.ExceptHandler) and _catches_all(node) and _does_nothing(node):
                yield at_receiver(receiver, f"{function.name} swallows every exception", node)
            elif isinstance(node, ast.withitem) and _suppresses_all(node):
                yield at_receiver(receiver, f"{function.name} swallows every exception", node.context_expr)


def _catches_all(node: ast.ExceptHandler) -> bool:
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(one is None or getattr(one, "id", "") in ("Exception", "BaseException") for one in caught)


def _does_nothing(node: ast.ExceptHandler) -> bool:
    return all(
        isinstance(one, ast.Pass | ast.Continue)
        or (isinstance(one, ast.Return) and (one.value is None or isinstance(one.value, ast.Constant)))
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in node.body
    )


def _suppresses_all(node: ast.withitem) -> bool:
    call = node.context_expr
    if not isinstance(call, ast.Call) or chain(call.func)[-1] != "suppress":
        return False
    return any(getattr(one, "id", "") in ("Exception", "BaseException") for one in call.args)


@rule("SX050", "warning")
def instance_to_task(project: Project) -> Iterator[Hit]:
    """A model instance is handed to a background task.

    The task gets a copy as it was at that moment, or cannot be queued at all: when it runs,
    the row may have changed, or be gone. A thread shares the object with the code that
    goes on changing it, and may look for the row before it is committed.

    Pass ``instance.pk`` and load the row in the task.
    """
    for receiver in project.on(*_IN_TRANSACTIONS):
        function = receiver.function
        names = aliases(function, "instance")
        others = where_no_model(function, names)
        for node in function.every:
            what, given = handed_over(node, function)
            if id(node) not in others and any(is_argument(function, one, "instance", names) for one in given):
                message = f"{function.name} hands a model instance to a {what}"
                yield at_receiver(receiver, message, node, among=_IN_TRANSACTIONS)
