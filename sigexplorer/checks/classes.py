"""What the body of a class says: models with their Meta and relations, AppConfigs."""

from __future__ import annotations

import ast

from sigexplorer.checks.facts import OPAQUE, Class, File, Relation, Scope
from sigexplorer.checks.names import resolve

#: How fields that lead to another model are called; what people derive from them ends the same.
_RELATIONS = ("ForeignKey", "OneToOneField", "ManyToManyField", "ParentalKey", "ParentalManyToManyField")


def class_facts(file: File, node: ast.ClassDef, qualname: str, scope: Scope) -> Class:
    """Return what the body of a class says."""
    bases = tuple(resolve(base, scope) or OPAQUE for base in node.bases)
    found = Class(file, node.name, qualname, node.lineno, bases)
    if any(base.endswith("Config") for base in bases):
        found.node = node
    fields: set[str] = set()
    for statement in node.body:
        if isinstance(statement, ast.ClassDef) and statement.name == "Meta":
            _meta(found, statement)
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            _assigned(found, statement.targets[0], statement.value, scope, fields)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            _assigned(found, statement.target, statement.value, scope, fields)
    found.fields = frozenset(fields)
    found.methods = frozenset(
        one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return found


def _meta(found: Class, meta: ast.ClassDef) -> None:
    for statement in meta.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            value = statement.value.value
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            found.abstract = found.abstract or ("abstract" in names and value is True)
            found.proxy = found.proxy or ("proxy" in names and value is True)
            if "app_label" in names and isinstance(value, str):
                found.app_label = value


def _assigned(found: Class, target: ast.expr, value: ast.expr, scope: Scope, fields: set[str]) -> None:
    if not isinstance(target, ast.Name):
        return
    if isinstance(value, ast.Constant):
        found.constants[target.id] = value.value
    elif isinstance(value, ast.Call):
        kind = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        if kind.endswith(("Field", *_RELATIONS)):
            fields.add(target.id)
        if kind.endswith(_RELATIONS):
            found.relations[target.id] = _relation(kind, value, scope, found)


def _relation(kind: str, call: ast.Call, scope: Scope, found: Class) -> Relation:
    named = {one.arg: one.value for one in call.keywords}
    target = call.args[0] if call.args else named.get("to")
    return Relation(
        kind,
        _model(target, scope, found),
        _text(named.get("related_name")),
        _model(named.get("through"), scope, found),
    )


def _model(node: ast.expr | None, scope: Scope, found: Class) -> str | None:
    text = _text(node)
    if text == "self":
        return found.path
    if text is not None and "." not in text:
        return f"{found.file.module}.{text}"
    if text is not None:
        return text
    return resolve(node, scope)


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
