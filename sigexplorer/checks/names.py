"""What a name in the source stands for, as a dotted path."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from sigexplorer.checks.facts import OPAQUE, File, Scope

#: Where Django's own signals and helpers are also found, or are really defined.
_ALSO = {
    "django.dispatch.dispatcher.receiver": "django.dispatch.receiver",
    "django.dispatch.dispatcher.Signal": "django.dispatch.Signal",
    "django.contrib.auth.user_logged_in": "django.contrib.auth.signals.user_logged_in",
    "django.contrib.auth.user_logged_out": "django.contrib.auth.signals.user_logged_out",
    "django.contrib.auth.user_login_failed": "django.contrib.auth.signals.user_login_failed",
    "django.test.signals.setting_changed": "django.core.signals.setting_changed",
    "django.apps.config.AppConfig": "django.apps.AppConfig",
    "django.db.models.base.Model": "django.db.models.Model",
    "django.db.transaction.on_commit": "django.db.transaction.on_commit",
}


def resolve(node: ast.AST | None, scope: Scope) -> str | None:
    """Return the dotted path that an expression stands for; None where the source does not tell."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    found = scope.lookup(node.id) if isinstance(node, ast.Name) else None
    if not found:
        return None
    path = canonical(found)
    for name in reversed(attributes):
        path = canonical(f"{path}.{name}")
    return path


def canonical(path: str) -> str:
    """Return the one path that we call a thing of Django's by."""
    return _ALSO.get(path, path)


def chain(node: ast.AST) -> list[str]:
    """Return the names of ``a.b(...).c``, calls and subscripts left out; "" for any other beginning."""
    names: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript | ast.Await):
            node = node.value
        else:
            names.append(node.id if isinstance(node, ast.Name) else "")
            return names[::-1]


def bind_import(node: ast.Import | ast.ImportFrom, scope: Scope, file: File) -> None:
    """Note what an import binds, and which modules it may load."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            file.imports.add(alias.name)
            if alias.asname:
                scope.names[alias.asname] = alias.name
            else:
                top = alias.name.partition(".")[0]
                scope.names[top] = top
        return
    base = _base(node, file)
    file.imports.add(base)
    for alias in node.names:
        if alias.name == "*":
            scope.names.setdefault(f"* {base}", base)
            continue
        path = f"{base}.{alias.name}" if base else alias.name
        file.imports.add(path)
        scope.names[alias.asname or alias.name] = path


#: An import in a function, as text: a file is not walked through for the sake of these.
_INDENTED = re.compile(
    r"^[ \t]+(?:from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)|import[ \t]+([\w.]+))",
    re.MULTILINE,
)


def indented_imports(text: str) -> Iterator[ast.Import | ast.ImportFrom]:
    """Return the imports that stand in functions of a file, without its tree."""
    for dots, module, names, plain in _INDENTED.findall(text):
        if plain:
            yield ast.Import(names=[ast.alias(name=plain)])
        else:
            found = [ast.alias(name=name) for name in re.findall(r"(\w+)(?:\s+as\s+\w+)?", names)]
            yield ast.ImportFrom(module=module or None, names=found, level=len(dots))


def discovered_names(node: ast.Call, name: str) -> set[str]:
    """Return the modules that ``autodiscover_modules("hooks")`` or ``autodiscover_tasks()`` looks for."""
    given = [*node.args, *(one.value for one in node.keywords if one.arg == "related_name")]
    found = {one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    by_default = name == "autodiscover_tasks" and not found
    return found | ({"tasks"} if by_default else set())


def _base(node: ast.ImportFrom, file: File) -> str:
    if not node.level:
        return node.module or ""
    parts = file.package.split(".") if file.package else []
    kept = parts[: len(parts) - (node.level - 1)]
    return ".".join([*kept, *([node.module] if node.module else [])])


def bind_target(target: ast.AST, value: ast.AST | None, scope: Scope, file: File) -> None:
    """Note what an assignment, a loop or a ``with`` binds."""
    if isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            bind_target(element, None, scope, file)
    elif isinstance(target, ast.Starred):
        bind_target(target.value, None, scope, file)
    elif isinstance(target, ast.Name):
        scope.names[target.id] = _bound(target.id, value, scope, file)


def _bound(name: str, value: ast.AST | None, scope: Scope, file: File) -> str:
    if isinstance(value, ast.Name | ast.Attribute):
        found = resolve(value, scope)
        if found is not None and not found.startswith(f"{file.module}.{name}"):
            return found
    if isinstance(value, ast.Call):
        called = resolve(value.func, scope)
        if called == "django.contrib.auth.get_user_model":
            return USER_MODEL
    if scope.parent is None:
        return f"{file.module}.{name}"
    return f"{file.module}.{scope.qualname}.{name}" if scope.is_class else OPAQUE


#: What ``get_user_model()`` returns, whatever that is.
USER_MODEL = "settings.AUTH_USER_MODEL"
