"""How a receiver must be written so that it can be called at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sigexplorer.checks.facts import Function
from sigexplorer.checks.listeners import Receiver
from sigexplorer.checks.names import chain, resolve
from sigexplorer.checks.project import Project, page_of
from sigexplorer.checks.rule import Hit, at_listener, at_receiver, rule

#: Decorators above ``@receiver`` that leave the function what it is.
_HARMLESS = frozenset({"receiver", "staticmethod", "classmethod", "override", "final", "no_type_check"})
#: Decorators of which it is certain that they were meant to run inside.
_MEANT_INSIDE = frozenset({"django.db.transaction.atomic"})


@rule("SX003", "error", fixable=True)
def no_kwargs(project: Project) -> Iterator[Hit]:
    """The receiver does not take ``**kwargs``.

    Django passes ``signal`` and every argument of the signal by name, and may pass more in
    its next version. With ``DEBUG = True`` connecting such a receiver is an error; with
    ``DEBUG = False`` it is accepted, and the first send raises ``TypeError``.

    With the running project: receivers that the source connects in ways nobody can read, too,
    such as a decorator of the project's own, and objects with ``__call__``.

    Add ``**kwargs`` as the last parameter.
    """
    for receiver in project.receivers:
        function = receiver.function
        if function.node.args.kwarg is None and not _wrapped_inside(receiver):
            message = f"{function.called} does not take **kwargs: the next send raises TypeError"
            fixable = "kwargs" not in function.parameters
            yield at_receiver(receiver, message, fixable=fixable)
    for listener in project.listeners:
        target = listener.connection.target
        if isinstance(target, ast.Lambda) and target.args.kwarg is None:
            yield at_listener(
                listener, "the lambda does not take **kwargs: the next send raises TypeError", target
            )


def _wrapped_inside(receiver: Receiver) -> bool:
    """Whether a decorator other than ``@receiver`` may bring the ``**kwargs``."""
    function = receiver.function
    if receiver.is_bare:
        return False
    for decorator in function.node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        is_receiver = resolve(called, function.owner) == "django.dispatch.receiver"
        if not is_receiver and chain(called)[-1] not in _HARMLESS:
            return True
    return False


@rule("SX006", "error", fixable=True)
def decorator_order(project: Project) -> Iterator[Hit]:
    """``@receiver`` stands below another decorator.

    Decorators are applied from the bottom up: ``@receiver`` connects the function as it is
    below, and what stands above it never runs when the signal is sent. As nothing else may
    hold the bare function, it can be collected as well.

    Make ``@receiver`` the outermost decorator.
    """
    for listener in project.listeners:
        function = listener.function
        if function is None or not listener.connection.decorator:
            continue
        place = function.node.decorator_list.index(listener.node)
        for above in function.node.decorator_list[:place]:
            called = above.func if isinstance(above, ast.Call) else above
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name and name not in _HARMLESS and not name.startswith(("register", "add_")):
                message = (
                    f"{function.name} is connected without @{name}: @receiver is not the outermost decorator"
                )
                fixable = _is_meant_inside(project, called, function)
                yield at_listener(listener, message, fixable=fixable)
                break


def _is_meant_inside(project: Project, decorator: ast.expr, function: Function) -> bool:
    """Whether a decorator surely is to run with each send: one of ours that wraps what it is given."""
    if resolve(decorator, function.owner) in _MEANT_INSIDE:
        return True
    path = project.resolve(decorator, function.owner, function.file)
    own = project.function(path, function.file, function.node.lineno)
    if own is None or own.node.decorator_list or len(own.parameters) != 1:
        return False
    returned = [node.value for node, _ in own.steps if isinstance(node, ast.Return)]
    wrappers = {
        one.name
        for one in own.file.functions
        if one.owner is own.scope
        and one.node.args.kwarg is not None
        and any(
            isinstance(by, ast.Call) and resolve(by.func, own.scope) == "functools.wraps"
            for by in one.node.decorator_list
        )
    }
    return len(returned) == 1 and isinstance(returned[0], ast.Name) and returned[0].id in wrappers


@rule("SX007", "error")
def generator(project: Project) -> Iterator[Hit]:
    """The receiver is a generator.

    Calling a generator function only makes a generator. Nobody iterates over what a
    receiver returns, so its body never runs.

    Take ``yield`` out of the receiver, or move it into a function that the receiver iterates over.
    """
    for receiver in project.receivers:
        function = receiver.function
        if _wrapped_inside(receiver):
            continue
        if any(isinstance(node, ast.Yield | ast.YieldFrom) for node, _ in function.steps):
            yield at_receiver(receiver, f"{function.called} is a generator: its body never runs")


@rule("SX012", "error")
def on_a_method(project: Project) -> Iterator[Hit]:
    """``@receiver`` decorates a method.

    In the body of a class there is no instance yet: the plain function is connected, and is
    called without ``self``. Sending the signal raises ``TypeError``.

    Connect a function of the module, a ``@staticmethod``, or the method of an object that
    stays: ``signal.connect(kept.method)``.
    """
    for listener in project.listeners:
        function = listener.function
        if function is None or not listener.connection.decorator or not function.in_class:
            continue
        first = next(iter(function.parameters), "")
        if first in ("self", "cls"):
            message = f"{function.name} is a method: it is connected as a function and called without {first}"
            yield at_listener(listener, message)


@rule("SX016", "error", fixable=True)
def providing_args(project: Project) -> Iterator[Hit]:
    """``Signal(providing_args=...)`` is from old tutorials.

    The parameter was only ever documentation and was removed in Django 4.0: the line raises
    ``TypeError`` when the module is imported.

    Say in a comment which arguments the signal sends.
    """
    for defined in project.signals.values():
        if any(isinstance(one, ast.If | ast.Try) for one in defined.ancestors):
            continue  # for an old Django only
        given = [one for one in defined.node.keywords if one.arg == "providing_args"]
        if given or (defined.node.args and isinstance(defined.node.args[0], ast.List | ast.Tuple)):
            name = defined.path.rpartition(".")[2]
            message = f"{name} is made with providing_args, which Django 4.0 removed"
            yield Hit(defined.file, defined.node, message, None, defined.path, fixable=bool(given))


@rule("SX034", "error")
def auth_arguments(project: Project) -> Iterator[Hit]:
    """A receiver of a login signal does not take what is sent.

    ``user_logged_in`` and ``user_logged_out`` send ``request`` and ``user``,
    ``user_login_failed`` sends ``credentials`` and ``request``. There is no ``instance``. A
    receiver that asks for another argument, or cannot take these, makes every login fail
    with ``TypeError``.

    Take ``request`` and ``user`` (or ``credentials``) by these names, and ``**kwargs``.
    """
    for receiver in project.on("user_logged_in", "user_logged_out", "user_login_failed"):
        function = receiver.function
        if _wrapped_inside(receiver) or function.in_class:
            continue
        for path in sorted(receiver.signals):
            page = page_of(path)
            if page is None or page.group != "auth":
                continue
            sent = {argument.name for argument in page.arguments}
            lacking = sorted(sent - set(function.parameters)) if function.node.args.kwarg is None else []
            asked = [
                name
                for name, needed in function.parameters.items()
                if needed and name not in sent | {"sender", "signal"}
            ]
            if lacking:
                yield at_receiver(
                    receiver, f"{function.name} takes no {' and no '.join(lacking)}, which {page.name} sends"
                )
            elif asked:
                yield at_receiver(
                    receiver, f"{function.name} needs '{asked[0]}', which {page.name} does not send"
                )
