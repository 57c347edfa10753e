"""Changes to source, made by libcst, which is an extra: only ``fixing`` imports this."""

from __future__ import annotations

import codecs
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from sigexplorer.findings import Finding

#: Line from 1 and column from 0 of both ends, as libcst counts.
Span = tuple[int, int, int, int]

_WEAK = "SX004"
_KWARGS = "SX003"
_ORDER = "SX006"
_PROVIDING = "SX016"
_DEFAULT_CONFIG = "SX002"


def transform(source: bytes, findings: Sequence[Finding]) -> bytes:
    """Return ``source`` with these mistakes put right; a ``ValueError`` where libcst cannot read it."""
    mark = codecs.BOM_UTF8 if source.startswith(codecs.BOM_UTF8) else b""
    try:
        wrapper = MetadataWrapper(cst.parse_module(source.removeprefix(mark)))
    except cst.ParserSyntaxError as problem:
        raise ValueError("libcst cannot parse it") from problem
    return mark + wrapper.visit(_Fix(findings)).bytes


class _Fix(cst.CSTTransformer):
    """Change each place that was found, told by where it stands."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__()
        self._spans: dict[Span, set[str]] = defaultdict(set)
        for one in findings:
            self._spans[one.line, one.column - 1, one.end_line, one.end_column - 1].add(one.code)
        # A function is found at its def, up to the end of its name.
        self._names = {(span[2], span[3]) for span, codes in self._spans.items() if _KWARGS in codes}

    def _codes(self, node: Any) -> set[str]:
        """Return what was found at exactly this node."""
        place: Any = self.get_metadata(PositionProvider, node)
        span = (place.start.line, place.start.column, place.end.line, place.end.column)
        return self._spans.get(span, set())

    def leave_Call(self, original_node: Any, updated_node: Any) -> Any:  # noqa: N802 - libcst's name
        """Take ``providing_args`` out, put ``weak=False`` in."""
        codes = self._codes(original_node)
        if _PROVIDING in codes:
            updated_node = _without_providing(updated_node)
        return _held(updated_node) if _WEAK in codes else updated_node

    def leave_FunctionDef(self, original_node: Any, updated_node: Any) -> Any:  # noqa: N802 - as above
        """Add ``**kwargs``, move ``@receiver`` to the top."""
        name: Any = self.get_metadata(PositionProvider, original_node.name)
        if (name.end.line, name.end.column) in self._names:
            updated_node = updated_node.with_changes(params=_with_kwargs(updated_node.params))
        wrong = [_ORDER in self._codes(one.decorator) for one in original_node.decorators]
        if any(wrong):
            order = sorted(range(len(wrong)), key=lambda place: not wrong[place])
            decorators = [updated_node.decorators[place] for place in order]
            updated_node = updated_node.with_changes(decorators=decorators)
        return updated_node

    def leave_SimpleStatementLine(self, original_node: Any, updated_node: Any) -> Any:  # noqa: N802 - as above
        """Delete ``default_app_config``."""
        small = original_node.body
        if len(small) == 1 and _DEFAULT_CONFIG in self._codes(small[0]):
            return cst.RemoveFromParent()
        return updated_node


def _with_kwargs(parameters: Any) -> Any:
    """Add ``**kwargs`` at the end, annotated where the others are, a comma and its line break kept."""
    if parameters.star_kwarg is not None:
        return parameters
    group = next((name for name in ("kwonly_params", "params") if getattr(parameters, name)), "params")
    listed = list(getattr(parameters, group))
    starred = group == "params" and isinstance(parameters.star_arg, cst.Param)  # it is the last one then
    if starred:
        listed.append(parameters.star_arg)
    annotated = any(one.annotation is not None for one in [*parameters.params, *parameters.kwonly_params])
    annotation = cst.Annotation(cst.Name("object")) if annotated else None
    added = cst.Param(name=cst.Name("kwargs"), annotation=annotation, star="**")
    if listed:
        last = listed[-1]
        added = added.with_changes(whitespace_after_param=last.whitespace_after_param)
        listed[-1] = last.with_changes(whitespace_after_param=cst.SimpleWhitespace(""))
        if isinstance(last.comma, cst.Comma):
            before, behind = _commas(listed)
            listed[-1] = listed[-1].with_changes(comma=before)
            added = added.with_changes(comma=behind)
    if starred:
        return parameters.with_changes(star_kwarg=added, star_arg=listed[-1])
    return parameters.with_changes(star_kwarg=added, **{group: listed})


def _without_providing(call: Any) -> Any:
    kept = [one for one in call.args if one.keyword is None or one.keyword.value != "providing_args"]
    if not kept:
        return call.with_changes(args=[], whitespace_before_args=cst.SimpleWhitespace(""))
    kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return call.with_changes(args=kept)


def _held(call: Any) -> Any:
    """Add ``weak=False``, or make ``weak=True`` that."""
    arguments = list(call.args)
    for place, one in enumerate(arguments):
        if one.keyword is not None and one.keyword.value == "weak":
            arguments[place] = one.with_changes(value=cst.Name("False"))
            return call.with_changes(args=arguments)
    tight = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    added = cst.Arg(keyword=cst.Name("weak"), value=cst.Name("False"), equal=tight)
    if arguments and isinstance(arguments[-1].comma, cst.Comma):
        before, behind = _commas(arguments)
        arguments[-1] = arguments[-1].with_changes(comma=before)
        added = added.with_changes(comma=behind)
    return call.with_changes(args=[*arguments, added])


def _commas(listed: Sequence[Any]) -> tuple[Any, Any]:
    """Return the commas before and behind what follows a list; a comment stays with what it is about."""
    between, last = _between(listed), listed[-1].comma
    space = last.whitespace_after
    if not isinstance(space, cst.ParenthesizedWhitespace) or not isinstance(between, cst.Comma):
        return between, last
    indented = between.whitespace_after
    if space.first_line.comment is None or not isinstance(indented, cst.ParenthesizedWhitespace):
        return between, last
    commented = indented.with_changes(first_line=space.first_line)
    bare = space.with_changes(first_line=cst.TrailingWhitespace(newline=space.first_line.newline))
    return last.with_changes(whitespace_after=commented), last.with_changes(whitespace_after=bare)


def _between(listed: Sequence[Any]) -> Any:
    """Return the comma between two of a list, as the list has it where it has one."""
    return listed[-2].comma if len(listed) > 1 else cst.MaybeSentinel.DEFAULT
