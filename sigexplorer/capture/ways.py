"""The two usual ways to send, by which models say that they are saved: known by how many names they have.

To call with names that are known beforehand takes half of what it takes to call with a dict of
them, which is most of what a dispatch costs: there is a loop over the receivers for each way,
beside Django's own. Their names are told apart by identity, and must come in that order: what a
receiver is called with, and the order of it, is the same. Their values are read where they are
at hand already.
"""

from __future__ import annotations

import ast
from copy import deepcopy
from typing import Any
from weakref import ref

from sigexplorer.capture.writing import placed, statements

#: By the path of a signal its names, in the order in which Django sends them.
WAYS = {
    "django.db.models.signals.pre_save": ("instance", "raw", "using", "update_fields"),
    "django.db.models.signals.post_save": ("instance", "created", "update_fields", "raw", "using"),
}

_NAMES = ("instance", "created", "update_fields", "raw", "using")

#: What the texts below compare with or need, by the names of variables in a scope around the method.
CELLS: dict[str, Any] = {**{f"_{name}": name for name in _NAMES}, "_default": "default", "_ref": ref}

#: Finds out which way it is, if any.
FOUND = """
way = known.way
if way == 5 and len(named) == 5:
    first, second, third, fourth, fifth = named
    if (
        first is _instance
        and second is _created
        and third is _update_fields
        and fourth is _raw
        and fifth is _using
    ):
        instance, created, update_fields = named["instance"], named["created"], named["update_fields"]
        raw, using = named["raw"], named["using"]
    else:
        way = 0
elif way == 4 and len(named) == 4:
    first, second, third, fourth = named
    if first is _instance and second is _raw and third is _using and fourth is _update_fields:
        instance, raw = named["instance"], named["raw"]
        using, update_fields = named["using"], named["update_fields"]
    else:
        way = 0
else:
    way = 0
"""

#: Reads what is as usual, as ``known.read`` does, which reads all else.
READ = """
held = None
if (
    way
    and type(instance) is sender
    and update_fields is None
    and (raw is False or raw is True)
    and using is _default
):
    held = instance.__dict__
if type(held) is dict:
    key = held[known.key]
    held = None
    if key is None or type(key) is int:
        if way == 4:
            values = (key, raw, using, None)
        elif created is True or created is False:
            values = (key, created, None, raw, using)
        if values is not None and stream.keeping:
            values = (*values, _ref(instance))
else:
    values = known.read(sender, named)
"""

_CHOICE = "if way == {way}:\n    HERE"


def loops(loop: ast.For) -> list[ast.stmt]:
    """Return a loop over receivers as it is, and before it one for each of the ways."""
    made: list[ast.stmt] = [loop]
    for names in WAYS.values():
        called = _Named(names).visit(deepcopy(loop))
        choice: Any = statements(_CHOICE.format(way=len(names)), loop, [called])[0]
        choice.orelse, made = made, [choice]
    return made


class _Named(ast.NodeTransformer):
    """Calls receivers with names instead of a dict of them."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace the last of the keywords, which has no name."""
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name("receiver"), keywords=[*first, ast.keyword(arg=None) as last]):
                named: Any = ast.parse(f"_({', '.join(f'{name}={name}' for name in self._names)})").body[0]
                node.keywords = [*first, *placed(named.value, last.value).keywords]
        return node
