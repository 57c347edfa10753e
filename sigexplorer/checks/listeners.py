"""Connections and receivers, once it is known what they connect."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cached_property

from sigexplorer import catalog
from sigexplorer.checks.facts import Connection, File, Function
from sigexplorer.checks.live import LiveReceiver

#: Django's signals by their paths.
BUILT_IN = {page.path: page for page in catalog.PAGES}


@dataclass(eq=False)
class Listener:
    """A connection whose signals, receiver and sender were followed to what they are."""

    connection: Connection
    signals: tuple[str, ...]  # dotted; only those that are surely signals
    function: Function | None
    sender: str | None  # dotted path, or "app.Model"; None: no sender, or not told
    sender_text: str | None  # of a string
    live: LiveReceiver | None = None  # where only the running project knows of it

    @property
    def file(self) -> File:
        """The file that connects."""
        return self.connection.file

    @property
    def node(self) -> ast.Call:
        """The call that connects."""
        return self.connection.node

    @property
    def catches_all(self) -> bool:
        """Whether it surely names no sender."""
        sender = self.connection.sender
        none = isinstance(sender, ast.Constant) and sender.value is None
        return (sender is None or none) and not self.connection.vague

    @cached_property
    def names(self) -> frozenset[str]:
        """The short names of Django's signals among its own."""
        return frozenset(BUILT_IN[path].name for path in self.signals if path in BUILT_IN)

    @cached_property
    def name(self) -> str:
        """What the receiver is called in a message."""
        if self.function is not None:
            return self.function.called
        target = self.connection.target
        return ast.unparse(target)[:60] if isinstance(target, ast.AST) else "the receiver"

    @property
    def path(self) -> str | None:
        """The receiver's ``module.qualname``."""
        return self.function.path if self.function is not None else None

    @property
    def signal(self) -> str | None:
        """The first of its signals."""
        return self.signals[0] if self.signals else None


@dataclass(eq=False)
class Receiver:
    """A function that is connected, with all of its connections."""

    function: Function
    listeners: list[Listener] = field(default_factory=list)
    is_bare: bool = False  # the running project calls it, and no decorator around it

    @cached_property
    def signals(self) -> frozenset[str]:
        """The dotted paths of every signal it is connected to."""
        return frozenset(path for listener in self.listeners for path in listener.signals)

    @cached_property
    def names(self) -> frozenset[str]:
        """The short names of Django's among them."""
        return frozenset(BUILT_IN[path].name for path in self.signals if path in BUILT_IN)

    @cached_property
    def senders(self) -> frozenset[str]:
        """The senders that are known."""
        return frozenset(listener.sender for listener in self.listeners if listener.sender)


def from_live(live: LiveReceiver, function: Function) -> Listener:
    """Return a connection that only the running project knows, at the definition of its receiver."""
    place = function.node

    def here(node: ast.expr) -> ast.expr:
        return ast.copy_location(node, place)

    call = ast.Call(func=here(ast.Name(id="connect", ctx=ast.Load())), args=[], keywords=[])
    ast.copy_location(call, place)
    call.end_lineno, call.end_col_offset = place.lineno, place.col_offset + len("def")
    sender = here(ast.Name(id=live.sender or "?", ctx=ast.Load())) if live.sender else None
    uid = here(ast.Constant(live.dispatch_uid)) if live.dispatch_uid else None
    weak = here(ast.Constant(live.weak))
    raw = Connection(
        function.file, call, function.owner, (), [], function, sender, weak, uid, vague=False, decorator=False
    )
    return Listener(raw, (live.signal,), function, live.sender_path, None, live)
