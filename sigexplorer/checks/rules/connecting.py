"""Receivers that are never connected, or do not stay connected."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sigexplorer.checks.facts import Connection, File, Function
from sigexplorer.checks.forgotten import forgotten, is_of_object
from sigexplorer.checks.later import imported_later
from sigexplorer.checks.listeners import Listener
from sigexplorer.checks.names import resolve
from sigexplorer.checks.project import Project
from sigexplorer.checks.rule import Hit, at_listener, rule
from sigexplorer.checks.rules.disconnecting import duplicate_uid
from sigexplorer.checks.rules.models import lazy_typo

#: Modules that Django imports by itself, or that whoever uses them imports.
_IMPORTED = frozenset(
    {"models", "apps", "admin", "__init__", "urls", "settings", "wsgi", "asgi", "manage", "views"}
)


@rule("SX001", "warning")
def never_connected(project: Project) -> Iterator[Hit]:
    """The module of the receivers is never imported.

    ``@receiver``, and a ``connect()`` outside of functions, connect when their module is
    imported. Django imports ``models`` and ``apps`` of every app, and nothing else: a
    ``receivers.py`` or ``signals.py`` that no other module imports is never run, and its
    receivers do not exist.

    With the running project: its modules are known, and its connections. What is imported only
    when a request is served, a template loaded or a command run, such as the views that the URLs
    lead to, is connected then, and not found.

    Import the module in ``ready()`` of the app's ``AppConfig``.
    """
    imported = {path for file in project.files for path in file.imports} | {
        path for file in project.files for path in file.strings
    }
    explained = _explained(project) if project.live is not None else frozenset()
    later = imported_later(project)
    never = "never connected" if project.live is None else "not connected once the project is set up"
    for listener in project.listeners:
        file, raw = listener.file, listener.connection
        sometimes = not raw.decorator and raw.ancestors and not isinstance(raw.ancestors[0], ast.Expr)
        if raw.scope.parent is not None or sometimes or file.is_test:
            continue
        reason = "" if file.module in later else _not_imported(project, file, imported)
        if not reason and raw.decorator and listener.path not in explained:
            reason = _not_running(project, listener)
        if reason:
            yield at_listener(listener, f"{listener.name} is {never}: {reason}")


def _not_imported(project: Project, file: File, imported: set[str]) -> str:
    """Say why a module is surely not imported; "" where it is, or where nobody can tell."""
    name = file.module.rpartition(".")[2]
    if file.is_migration or "commands" in file.within[:-1]:
        return ""  # imported when they are needed
    if project.live is not None:
        loaded = project.live.modules.get(str(file.path.resolve()))
        late = name in _IMPORTED and not file.is_package
        return "" if loaded or late else f"it starts without importing {file.module}"
    # Whether it is imported can be told only where the app around it was read as well.
    siblings = project.by_package[file.package]
    apps = f"{file.package}.apps" if file.package else "apps"
    inside = f"{file.package}." if file.package else ""
    around = siblings & {apps, *(f"{inside}{one}" for one in ("models", "views", "admin", "urls"))}
    if name in _IMPORTED or file.is_package or not around or not _all_read(project, file):
        return ""
    ending = f".{name}"
    if any(path in {file.module, name} or path.startswith(f"{file.module}.") for path in imported):
        return ""
    if any(path.endswith(ending) and file.module.endswith(path) for path in imported):
        return ""
    return f"no module imports {file.module}, and no ready() does"


def _all_read(project: Project, file: File) -> bool:
    """Whether every module beside a file was read: where some were not, they may import it."""
    try:
        names = {one.stem for one in file.path.parent.glob("*.py")}
    except OSError:
        return False
    read = {module.rpartition(".")[2] for module in project.by_package[file.package]}
    return names - read <= {"__init__"}


def _explained(project: Project) -> frozenset[str | None]:
    """Return the receivers of which another rule says why the running project does not have them."""
    reasons = (collected, rebound, duplicate_uid, lazy_typo)
    return frozenset(hit.receiver for one in reasons for hit in one.find(project))


def _not_running(project: Project, listener: Listener) -> str:
    """Say that the running project imported the module and still does not have the connection."""
    live, function = project.live, listener.function
    if live is None or function is None or str(listener.file.path.resolve()) not in live.modules:
        return ""
    alive = {one.signal for one in project.running.get(function, ())}
    return "" if set(listener.signals) <= alive else "it does not have it, though it imports the module"


@rule("SX004", "error", fixable=True)
def collected(project: Project) -> Iterator[Hit]:
    """The receiver is collected at once, because nothing holds it.

    A signal holds its receivers weakly. A lambda, a ``functools.partial``, a method of an
    object made for the purpose, or a function defined inside another one is gone as soon as
    that line, or that function, is done, and its entry is swept out in silence.

    With ``DEBUG = True`` it seems to work: Django then looks at each receiver's parameters,
    and remembers, and so holds, the last 512 functions that it looked at. With
    ``DEBUG = False`` nothing does. The object of a method is collected in both cases: also the
    one that connects its own, ``signal.connect(self.on_save)``, and is made in a statement
    of its own, ``Listener()``.

    With the running project: whatever nothing holds there, however it was connected.

    Define the receiver at module level, or connect it with ``weak=False``.
    """
    for listener in project.listeners:
        raw = listener.connection
        if raw.vague or not _is_weak(raw.weak):
            continue
        if listener.live is not None:
            continue  # of these it is known who holds them
        what = _temporary(project, raw) or _local(listener)
        if what:
            by_name = raw.weak is None or any(one.arg == "weak" for one in raw.node.keywords)
            fixable = by_name and (raw.scope.parent is None or raw.scope.qualname.endswith(".ready"))
            told = "nothing holds it" if what.startswith("the method ") else "only DEBUG = True would hold it"
            yield at_listener(listener, f"{what} is collected at once: {told}", fixable=fixable)
    yield from _collected_there(project)


def _collected_there(project: Project) -> Iterator[Hit]:
    """Find what nothing holds in the running project, where the source does not tell."""
    told = {listener.function for listener in project.listeners if _is_told(project, listener)}
    for function, lives in project.registered.items():
        if function in told or _rebinding(function):
            continue
        running = {(live.signal, live.sender) for live in lives if live.alive and not live.by_debug}
        for live in lives:
            gone = not live.alive or live.by_debug
            if gone and (live.signal, live.sender) not in running:  # a module that was loaded again
                held = "only DEBUG = True holds it" if live.alive else "nothing held it"
                message = f"{function.called} is collected: {held} in the running project"
                yield Hit(function.file, function, message, function.path, live.signal)
                break


def _is_told(project: Project, listener: Listener) -> bool:
    """Whether the source alone says that a receiver is collected."""
    raw = listener.connection
    weak = listener.live is None and not raw.vague and _is_weak(raw.weak)
    return weak and bool(_temporary(project, raw) or _local(listener))


def _is_weak(weak: ast.expr | None) -> bool:
    return weak is None or (isinstance(weak, ast.Constant) and weak.value is True)


def _temporary(project: Project, raw: Connection) -> str:
    """Name a receiver that lives for one line."""
    target = raw.target
    if isinstance(target, ast.Lambda):
        return "the lambda"
    if isinstance(target, ast.Call) and resolve(target.func, raw.scope) == "functools.partial":
        return f"the partial of {ast.unparse(target.args[0])[:60]}" if target.args else "the partial"
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Call):
        made = project.resolve(target.value.func, raw.scope, raw.file)
        if is_of_object(project, made, target.attr):
            return f"the method {ast.unparse(target)[:60]}"
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and not raw.file.is_test:
        around = next((one for one in raw.file.functions if one.scope is raw.scope), None)
        if around is not None and _lives_here(target, around, project):
            return f"the method {ast.unparse(target)[:60]}"
    owner = forgotten(project, raw)
    return f"the method {owner}.{target.attr}" if owner and isinstance(target, ast.Attribute) else ""


def _lives_here(target: ast.Attribute, around: Function, project: Project) -> bool:
    """Whether a method is that of an object made in this function and held by nothing else."""
    name = getattr(target.value, "id", "")
    made = [
        node.value
        for node, _ in around.steps
        if isinstance(node, ast.Assign)
        and any(isinstance(one, ast.Name) and one.id == name for one in node.targets)
    ]
    if len(made) != 1 or not isinstance(made[0], ast.Call):
        return False
    uses = [
        above
        for node, above in around.steps
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]
    connects = all(
        len(above) > 1 and isinstance(above[-2], ast.Call) and _is_connect(above[-2]) for above in uses
    )
    last = around.node.body[-1]
    ends = any(isinstance(node, ast.Call) and _is_connect(node) for node in ast.walk(last))
    kind = project.resolve(made[0].func, around.scope, around.file)
    return connects and ends and is_of_object(project, kind, target.attr)


def _is_connect(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr == "connect"


def _local(listener: Listener) -> str:
    """Name a receiver that lives until the function around it returns."""
    raw = listener.connection
    if raw.scope.parent is None or raw.scope.is_class or raw.file.is_test:
        return ""
    if raw.decorator:
        function = raw.target
    elif isinstance(raw.target, ast.Name):
        function = next(
            (one for one in raw.file.functions if one.name == raw.target.id and one.owner is raw.scope), None
        )
    else:
        return ""
    around = next((one for one in raw.file.functions if one.scope is raw.scope), None)
    if not isinstance(function, Function) or around is None or _is_kept(function, raw, around):
        return ""
    return function.name


def _is_kept(function: Function, raw: Connection, around: Function) -> bool:
    """Whether the local function is used for anything else, or the work goes on while it lives."""
    if any(isinstance(node, ast.Yield | ast.YieldFrom | ast.Await | ast.With) for node, _ in around.steps):
        return True
    alike = [
        one.node
        for one in raw.file.connections
        if one.scope is raw.scope and isinstance(one.target, ast.Name) and one.target.id == function.name
    ]
    connecting = {id(node) for call in [raw.node, *alike] for node in ast.walk(call)}
    for statement in around.node.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id == function.name and id(node) not in connecting:
                return True
            if isinstance(node, ast.Global | ast.Nonlocal) and function.name in node.names:
                return True
    return any(
        call.lineno > function.node.lineno
        and id(call) not in connecting
        and not (isinstance(call.func, ast.Attribute) and call.func.attr in ("connect", "receiver"))
        for call, _ in around.calls
        if call not in function.node.decorator_list
    )


@rule("SX005", "error")
def rebound(project: Project) -> Iterator[Hit]:
    """A second definition of the same name kills the first receiver.

    The module's name was the only thing that held the first function. As soon as the name
    stands for something else, the function is collected, and its connection with it.

    Give each receiver of a module a name of its own.
    """
    told: set[Function] = set()
    for listener in project.listeners:
        raw, function = listener.connection, listener.function
        if function is None or function.owner.parent is not None or raw.vague or not _is_weak(raw.weak):
            continue
        again = _rebinding(function)
        before = function not in told and (raw.decorator or raw.node.lineno < again)
        if again and before and not _is_kept_elsewhere(function, again):
            told.add(function)
            message = f"{function.name} is collected: line {again} gives its name to something else"
            yield Hit(function.file, function, message, function.path, listener.signal)


def _is_kept_elsewhere(function: Function, again: int) -> bool:
    """Whether a function is handed on, and may be held, before its name stands for something else."""
    used = function.file.values.get(function.path, ())
    return any(function.node.lineno < line < again for line in used)


def _rebinding(function: Function) -> int:
    """Return the line of the next definition of the same name that surely runs as well; 0 if none does."""
    for other in function.file.functions:
        if (
            other.name == function.name
            and other.owner is function.owner
            and other.node.lineno > function.node.lineno
            and not other.ancestors
            and not any(function.name in _names(one) for one in other.node.decorator_list)
        ):
            return other.node.lineno
    later = (line for line in function.file.bindings.get(function.name, ()) if line > function.node.lineno)
    return next(later, 0)


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


@rule("SX010", "warning")
def at_request_time(project: Project) -> Iterator[Hit]:
    """A receiver is connected while a request is served.

    A signal belongs to the process: what one request connects stays for all that follow,
    in every thread. A new function, or a method of a new object, is one more receiver each
    time, until the process is full of them.

    Connect once, when the app starts, and let the receiver decide what concerns it.
    """
    for listener in project.listeners:
        raw = listener.connection
        if raw.file.is_test or raw.scope.parent is None:
            continue
        around = next(
            (one for one in raw.ancestors if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)), None
        )
        if around is None or not _serves_requests(around, raw):
            continue
        undone = any(
            isinstance(node, ast.Attribute) and node.attr == "disconnect" for node in ast.walk(around)
        )
        if not undone:
            message = f"{listener.name} is connected in {around.name}(), once more with every request"
            yield at_listener(listener, message)


def _serves_requests(node: ast.FunctionDef | ast.AsyncFunctionDef, raw: Connection) -> bool:
    names = [one.arg for one in [*node.args.posonlyargs, *node.args.args]]
    classes = [one.name for one in raw.ancestors if isinstance(one, ast.ClassDef)]
    is_view = node.name in (
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "dispatch",
        "form_valid",
        "__call__",
        "process_view",
    )
    in_view = any(name.endswith(("View", "ViewSet", "Middleware")) for name in classes)
    return "request" in names[:2] or (is_view and in_view)
