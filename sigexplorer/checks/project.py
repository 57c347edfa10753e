"""Everything known of the checked code at once: files joined, names followed, receivers found."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

from sigexplorer import catalog
from sigexplorer.checks.facts import Class, Connection, File, Function, Scope
from sigexplorer.checks.listeners import BUILT_IN, Listener, Receiver, from_live
from sigexplorer.checks.live import Live, LiveReceiver
from sigexplorer.checks.names import USER_MODEL, canonical, chain, resolve
from sigexplorer.checks.owning import Owners
from sigexplorer.checks.registered import registered, still_there

#: Signals whose sender is a model; of these also ``"app.Model"`` is understood.
MODEL_SIGNALS = frozenset(
    f"django.db.models.signals.{name}"
    for name in ["pre_init", "post_init", "pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed"]
)

#: Base classes of Django's whose own signals nobody ever sends.
ABSTRACT = frozenset(
    {
        "django.db.models.Model",
        "django.contrib.auth.models.AbstractUser",
        "django.contrib.auth.models.AbstractBaseUser",
        "django.contrib.auth.base_user.AbstractBaseUser",
        "django.contrib.auth.models.PermissionsMixin",
    }
)

#: Django's own models that are often senders.
STOCK_MODELS = frozenset(
    f"django.contrib.{path}"
    for path in [
        "auth.models.User",
        "auth.models.Group",
        "auth.models.Permission",
        "contenttypes.models.ContentType",
        "sessions.models.Session",
        "sites.models.Site",
    ]
)

_FOLLOWED = 10  # names of names


class Project:
    """The checked files, and what is known of the running project if one was started."""

    def __init__(self, files: Sequence[File], live: Live | None = None, *, is_whole: bool = True) -> None:
        self.files = files
        self.live = live
        self.is_whole = is_whole  # or there may be sends that are not seen
        self.by_module = {file.module: file for file in files}
        self.classes = {found.path: found for file in files for found in file.classes}
        self.signals = {found.path: found for file in files for found in file.signals}
        self._functions: dict[str, list[Function]] = defaultdict(list)
        for file in files:
            for one in file.functions:
                self._functions[one.path].append(one)

    @cached_property
    def owners(self) -> Owners:
        """To which apps the models belong."""
        return Owners(self.files, self.classes)

    @cached_property
    def running_models(self) -> dict[str, list[str]]:
        """The names of the models of each app of the running project."""
        live = self.live or Live(())
        found: dict[str, list[str]] = {label: [] for label in live.apps}
        for one in live.models.values():
            label, _, name = one.label.partition(".")
            found.setdefault(label, []).append(name)
        return found

    def follow(self, path: str | None) -> str | None:
        """Return what a dotted path leads to, through imports that hand a name on."""
        for _ in range(_FOLLOWED):
            if path is None or path in self.classes or path in self.signals or path in self._functions:
                break
            module, _, name = path.rpartition(".")
            file = self.by_module.get(module)
            further = self._in_module(file, name) if file is not None else None
            if further is None or further == path:
                break
            path = canonical(further)
        return path

    def _in_module(self, file: File, name: str) -> str | None:
        if name in file.scope.names:
            return file.scope.names[name]
        for key, base in file.scope.names.items():
            if key.startswith("* "):
                other = self.by_module.get(base)
                if other is not None and name in other.scope.names:
                    return other.scope.names[name]
                if f"{base}.{name}" in BUILT_IN:
                    return f"{base}.{name}"
        return None

    def resolve(self, node: ast.AST | None, scope: Scope, file: File) -> str | None:
        """Return what an expression stands for, followed through the project."""
        found = resolve(node, scope)
        if found is None and isinstance(node, ast.Name):
            found = self._in_module(file, node.id)
        if found is None and isinstance(node, ast.Attribute) and len(chain(node)) < _FOLLOWED:
            base = self.resolve(node.value, scope, file)
            found = f"{base}.{node.attr}" if base else None
        if isinstance(node, ast.Call):
            called = resolve(node.func, scope) or ""
            if called == "django.contrib.auth.get_user_model":
                return USER_MODEL
        return self._settings(self.follow(found))

    @staticmethod
    def _settings(path: str | None) -> str | None:
        return USER_MODEL if path == "django.conf.settings.AUTH_USER_MODEL" else path

    def function(self, path: str | None, file: File, line: int) -> Function | None:
        """Return the function of that path, as it is in a line of a file: of several the last until then."""
        found = self._functions.get(path or "", [])
        before = [one for one in found if one.file is not file or one.node.lineno < line]
        return (before or found)[-1] if found else None

    def made(self, node: ast.expr | None, scope: Scope, file: File) -> ast.Call | None:
        """Return the call that makes an object: written here, or once where its module names it."""
        if isinstance(node, ast.Call) or not isinstance(node, ast.Name):
            return node if isinstance(node, ast.Call) else None
        once = (
            scope.lookup(node.id) == f"{file.module}.{node.id}" and len(file.bindings.get(node.id, ())) == 1
        )
        return file.made.get(node.id) if once else None

    def helper(self, call: ast.Call, function: Function) -> Function | None:
        """Return the plain function that a call in ``function`` calls, where the source has it."""
        path = self.resolve(call.func, function.scope, function.file)
        found = self.function(path, function.file, sys.maxsize)
        return None if found is None or found is function or found.node.decorator_list else found

    @cached_property
    def listeners(self) -> list[Listener]:
        """Every connection to something that surely is a signal."""
        written = [one for file in self.files for raw in file.connections if (one := self._listener(raw))]
        for one in written:
            if one.sender is None and not one.catches_all:
                one.sender = self._running_sender(one)
        seen = {(one.function, signal) for one in written for signal in one.signals}
        return [
            *written,
            *(
                from_live(live, function)
                for function, lives in self.running.items()
                for live in lives
                if (function, live.signal) not in seen
            ),
        ]

    def _running_sender(self, listener: Listener) -> str | None:
        """Return the sender that the source does not tell, where the running project has one only."""
        if listener.function is None:
            return None
        lives = self.running.get(listener.function, ())
        senders = {live.sender_path for live in lives if live.signal in listener.signals}
        return senders.pop() if len(senders) == 1 else None

    @cached_property
    def registered(self) -> dict[Function, list[LiveReceiver]]:
        """The registrations of the running project whose receivers stand in these files."""
        return registered(self.live, self.files)

    @cached_property
    def running(self) -> dict[Function, list[LiveReceiver]]:
        """Those registrations of the running project whose receiver is there to be called."""
        return still_there(self.registered)

    @cached_property
    def disconnections(self) -> list[Listener]:
        """Every ``disconnect`` of something that surely is a signal."""
        return [one for file in self.files for raw in file.disconnections if (one := self._listener(raw))]

    @cached_property
    def receivers(self) -> list[Receiver]:
        """Every function that is connected to a signal."""
        found: dict[Function, Receiver] = {}
        for listener in self.listeners:
            if listener.function is not None:
                found.setdefault(listener.function, Receiver(listener.function)).listeners.append(listener)
        for function, lives in self.running.items():
            if function in found:
                found[function].is_bare = all(live.bare for live in lives)
        return list(found.values())

    def on(self, *names: str) -> Iterator[Receiver]:
        """Return the receivers of any of Django's signals of these short names."""
        wanted = frozenset(names)
        return (receiver for receiver in self.receivers if receiver.names & wanted)

    def signal_of(self, node: ast.expr, scope: Scope, file: File) -> str | None:
        """Return the signal that an expression surely stands for."""
        path = self.resolve(node, scope, file)
        if path is None:
            return None
        if path in BUILT_IN or path in self.signals:
            return path
        module = path.rpartition(".")[0]
        known_elsewhere = module.rpartition(".")[2] == "signals" and module not in self.by_module
        return path if known_elsewhere and path.rpartition(".")[2].islower() else None

    def _listener(self, raw: Connection) -> Listener | None:
        if raw.decorator and resolve(raw.node.func, raw.scope) != "django.dispatch.receiver":
            return None
        found = [self.signal_of(node, raw.scope, raw.file) for node in raw.signal_nodes]
        signals = tuple(path for path in found if path is not None)
        if not signals and not raw.decorator:
            return None
        text = raw.sender.value if isinstance(raw.sender, ast.Constant) else None
        sender_text = text if isinstance(text, str) else None
        sender = sender_text or self.resolve(raw.sender, raw.scope, raw.file)
        return Listener(raw, signals, self._target(raw), sender, sender_text)

    def _target(self, raw: Connection) -> Function | None:
        if isinstance(raw.target, Function) or raw.target is None:
            return raw.target
        own = _method(raw)
        path = own or self.resolve(raw.target, raw.scope, raw.file)
        made = self.made(raw.target, raw.scope, raw.file) if isinstance(raw.target, ast.Name) else None
        kind = self.resolve(made.func, raw.file.scope, raw.file) if made is not None else None
        if kind in self.classes:
            path = f"{kind}.__call__"
        return self.function(path, raw.file, raw.node.lineno if raw.scope.parent is None else sys.maxsize)

    @cached_property
    def children(self) -> dict[str, list[Class]]:
        """The classes derived directly from a class, by its path."""
        found: dict[str, list[Class]] = defaultdict(list)
        for child in self.classes.values():
            for base in child.bases:
                found[self.follow(base) or base].append(child)
        return found

    def is_model(self, path: str | None, depth: int = 0) -> bool:
        """Whether a path surely is a model class."""
        if path in ABSTRACT or path in STOCK_MODELS:
            return True
        found = self.classes.get(path or "")
        if found is None or depth > _FOLLOWED:
            return False
        return any(self.is_model(self.follow(base), depth + 1) for base in found.bases)

    def is_config(self, found: Class, depth: int = 0) -> bool:
        """Whether a class surely is an AppConfig."""
        for base in found.bases:
            path = self.follow(base)
            if path == "django.apps.AppConfig":
                return True
            parent = self.classes.get(path or "")
            if parent is not None and depth <= _FOLLOWED and self.is_config(parent, depth + 1):
                return True
        return False

    @cached_property
    def by_name(self) -> dict[str, list[Class]]:
        """The classes by their short names, in lower case."""
        found: dict[str, list[Class]] = defaultdict(list)
        for one in self.classes.values():
            found[one.name.lower()].append(one)
        return found

    @cached_property
    def by_package(self) -> dict[str, set[str]]:
        """The modules that stand in a package."""
        found: dict[str, set[str]] = defaultdict(set)
        for file in self.files:
            found[file.package].add(file.module)
        return found

    def user_model(self) -> str | None:
        """Return the swapped user model, ``app.Model``, where the settings among the files name one."""
        if self.live is not None:
            return self.live.user_model
        for file in self.files:
            value = file.constants.get("AUTH_USER_MODEL")
            if value is not None and isinstance(value[1], str) and not file.is_test:
                return value[1]
        return None


def short(path: str | None) -> str:
    """Return the last part of a dotted path."""
    return (path or "?").rpartition(".")[2]


def page_of(path: str) -> catalog.Page | None:
    """Return the page of a signal of Django's."""
    return BUILT_IN.get(path)


def _method(raw: Connection) -> str | None:
    """Return the path of ``self.method`` in its class."""
    target, scope = raw.target, raw.scope
    while scope is not None and not scope.is_class:
        if scope.parent is None:
            return None
        scope = scope.parent
    if (
        isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id in ("self", "cls")
    ):
        return f"{raw.file.module}.{scope.qualname}.{target.attr}"
    return None
