"""What the running project knows and its source does not say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

SenderKind = Literal["instance", "text", "other"]  # an instance of a model, a text, a class or anything


@dataclass(frozen=True, slots=True)
class LiveReceiver:
    """A registration of the running project."""

    signal: str  # dotted path
    receiver: str  # module.qualname; "?" for one that is dead
    file: str | None  # real path
    line: int | None  # of the first decorator or the def
    sender: str | None  # in words; None: every sender
    sender_path: str | None  # module.qualname of a class that is a sender and still there
    is_abstract: bool  # the sender is an abstract model or no model at all
    dispatch_uid: str | None
    weak: bool
    alive: bool
    bare: bool = False  # what is called is the function at that line, with nothing around it
    by_debug: bool = False  # only DEBUG = True holds it
    sender_kind: SenderKind = "other"


@dataclass(frozen=True, slots=True)
class LiveModel:
    """A model of the running project."""

    label: str  # app.Model
    path: str  # module.qualname
    is_proxy: bool
    derived: tuple[str, ...]  # labels of its proxies and children
    loses_fast_delete: bool  # without receivers of delete signals its rows could be deleted fast


@dataclass(frozen=True, slots=True)
class Live:
    """The running project, in words."""

    receivers: tuple[LiveReceiver, ...]
    models: dict[str, LiveModel] = field(default_factory=dict)  # by label, in lower case
    modules: dict[str, tuple[str, ...]] = field(default_factory=dict)  # real path of a file: its modules
    apps: frozenset[str] = frozenset()  # labels
    configs: frozenset[str] = frozenset()  # dotted paths of the AppConfigs that are used
    user_model: str | None = None  # app.Model
