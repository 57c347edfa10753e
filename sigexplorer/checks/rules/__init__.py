"""The rules, by theme: every ``@rule`` function of these modules is one."""

from __future__ import annotations

from functools import cache

from sigexplorer.checks.rule import Rule
from sigexplorer.checks.rules import (
    apps,
    arguments,
    asynchronous,
    connecting,
    deleting,
    disconnecting,
    effects,
    instances,
    models,
    senders,
    signature,
    writing,
)

_THEMES = (
    connecting,
    deleting,
    disconnecting,
    signature,
    apps,
    senders,
    arguments,
    effects,
    instances,
    models,
    writing,
    asynchronous,
)


@cache
def every_rule() -> tuple[Rule, ...]:
    """Return every rule, in the order of the codes."""
    found = (thing for theme in _THEMES for thing in vars(theme).values() if isinstance(thing, Rule))
    return tuple(sorted(set(found), key=lambda one: one.code))
