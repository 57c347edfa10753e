"""AppConfigs: whose ``ready()`` connects, and who is the sender of migrate signals."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from sigexplorer.checks.bodies import hands_on, reads
from sigexplorer.checks.facts import Class
from sigexplorer.checks.project import Project
from sigexplorer.checks.rule import Hit, at_listener, rule


@rule("SX002", "warning", fixable=True)
def default_app_config(project: Project) -> Iterator[Hit]:
    """``default_app_config`` has no effect.

    Django 4.1 removed it: the one ``AppConfig`` of ``apps.py``, or the one with
    ``default = True``, is used whatever this says. Where there are several, none is, and
    their ``ready()`` never connects anything.

    Delete the line, and mark the config with ``default = True`` if there are several.
    """
    for file in project.files:
        found = file.constants.get("default_app_config")
        if found is not None and file.is_package and found[0] in _top_level(file.constants.values()):
            message = f"default_app_config is ignored since Django 4.1: '{found[1]}' is not chosen by it"
            yield Hit(file, found[0], message, fixable=isinstance(found[0], ast.Assign))


def _top_level(constants: object) -> list[ast.stmt]:
    """Return the assignments of a module that surely run: those that stand at the margin."""
    return [node for node, _ in constants if node.col_offset == 0]  # type: ignore[attr-defined]


@rule("SX013", "warning")
def no_default_config(project: Project) -> Iterator[Hit]:
    """Several AppConfigs, none of which is the default.

    Django chooses the config of an app by itself when ``apps.py`` has exactly one, or one
    with ``default = True``. With several it uses none of them, without a word, and no
    ``ready()`` runs: the receivers are never connected.

    With the running project: the configs that are really used.

    Mark one with ``default = True``, or name it in ``INSTALLED_APPS``.
    """
    by_file: dict[str, list[Class]] = defaultdict(list)
    for found in project.classes.values():
        if (
            found.file.module.rpartition(".")[2] == "apps"
            and "." not in found.qualname
            and project.is_config(found)
        ):
            by_file[found.file.shown].append(found)
    named = {text for file in project.files for text in file.strings}
    if project.live is not None:
        named |= project.live.configs
    for configs in by_file.values():
        offered = [one for one in configs if one.constants.get("default") is not False]
        chosen = any(one.constants.get("default") is True for one in configs)
        if len(offered) < 2 or chosen or any(one.path in named for one in configs):  # noqa: PLR2004 - several
            continue
        for one in sorted(offered, key=lambda one: "ready" not in one.methods)[:1]:
            others = ", ".join(other.name for other in offered if other is not one)
            message = f"{one.name} is no default beside {others}: it is used only if INSTALLED_APPS names it"
            yield Hit(one.file, one.node or one, message)


@rule("SX025", "error")
def config_class_as_sender(project: Project) -> Iterator[Hit]:
    """An AppConfig class is the sender.

    The sender of ``pre_migrate`` and ``post_migrate`` is the AppConfig *instance* of the app.
    Its class, or its label, never matches.

    Connect in ``ready()`` with ``sender=self``.
    """
    for listener in project.listeners:
        if not listener.names & {"pre_migrate", "post_migrate"}:
            continue
        sender = listener.connection.sender
        path = listener.sender or ""
        found = project.classes.get(path)
        if found is None and _is_class_of(sender):
            message = f"{listener.name} never runs: the sender is the instance of an AppConfig, not its class"
        elif found is not None and project.is_config(found):
            message = f"{listener.name} never runs: the sender is the instance of {found.name}, not the class"
        else:
            continue
        yield at_listener(listener, message, sender)


def _is_class_of(node: ast.expr | None) -> bool:
    """Whether this is ``type(something)`` or ``something.__class__``."""
    if isinstance(node, ast.Attribute):
        return node.attr == "__class__"
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "type"


@rule("SX028", "warning")
def migrate_without_sender(project: Project) -> Iterator[Hit]:
    """A migrate receiver without sender.

    ``pre_migrate`` and ``post_migrate`` are sent once for every installed app with a models
    module, each time ``migrate`` or ``flush`` runs. Without sender the receiver does its
    work as many times, and the first times before the tables of later apps exist.

    Connect in ``ready()`` with ``sender=self``, or look at ``app_config``.
    """
    for listener in project.listeners:
        names = listener.names & {"pre_migrate", "post_migrate"}
        if not names or not listener.catches_all or listener.file.is_test:
            continue
        function = listener.function
        if function is not None and (
            reads(function, "app_config") or reads(function, "sender") or hands_on(function)
        ):
            continue
        message = f"{listener.name} runs once for every app: {min(names)} is connected without sender"
        yield at_listener(listener, message)
