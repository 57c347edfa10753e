"""The nesting as a tree, with a bar for the time of each row: where it begins and how long it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from sigexplorer.model import Bypass, Call, Callback, Dispatch, Step
from sigexplorer.show.folding import Row, timeline_of
from sigexplorer.show.look import Look
from sigexplorer.show.nodes import Node, nodes
from sigexplorer.show.places import worded
from sigexplorer.show.selection import Selection
from sigexplorer.show.shortening import shorten
from sigexplorer.show.text import NOT_CALLED, UNTIMED, duration, plural, safe, short_sender, shown, tail
from sigexplorer.show.views import cells, heading

_BAR = (12, 40)  # columns of the bars, at least and at most
_SHARE = 5  # of the width: a fifth
_SLOW = 0.2  # of the whole time, spent by a row itself
_DURATION = 8  # columns
_DEEPEST = 60  # columns of branches
_NAME = 20  # characters of a receiver's name that are shown at least


def draw(selection: Selection, look: Look, width: int) -> RenderableType:
    """Return the tree of what was selected for a terminal ``width`` columns wide."""
    timeline = timeline_of(selection, look)
    cut = shorten(timeline, selection, look.rows)
    parts: list[RenderableType] = [heading.header(selection, timeline), ""]
    before = nodes(cut.before)
    after = nodes(cut.after) if cut.after else []
    if not before and not after:
        return Group(*parts, Text("no dispatches to show", style="dim"))
    scale = _Scale([*before, *after], max(_BAR[0], min(_BAR[1], width // _SHARE)))
    room = width - scale.columns - _DURATION - 2
    _name_places([*before, *after], timeline.where)
    parts += _lines(before, scale, look, room)
    if cut.told:
        parts.append(Text(cut.told, style="yellow"))
    parts += _lines(after, scale, look, room)
    return Group(*parts)


def _lines(roots: list[Node], scale: _Scale, look: Look, room: int) -> Iterator[Text]:
    """Draw the rows; those of another process or thread stand below its name."""
    for node, lead in _rows(roots):
        if node.where and not lead:
            yield Text(f"in {node.where}", style="dim")
        yield _line(node, lead, scale, look, room)


def _name_places(roots: Iterable[Node], title: str) -> None:
    """Leave process and thread only where a row is elsewhere than what it is nested in, or comes after."""
    before = ""
    for root in roots:
        waiting = [(root, before)]
        while waiting:
            node, where = waiting.pop()
            here = node.what.where if isinstance(node.what, Row) else where
            node.where = here if here != where else ""
            if node is root and node.where:
                node.where = worded(node.where, title)
            waiting += [(inside, here) for inside in node.inside]
        before = root.what.where if isinstance(root.what, Row) else before


class _Scale:
    """Turns times into columns of a bar."""

    def __init__(self, roots: list[Node], columns: int) -> None:
        spans = [(node.start_ns, node.start_ns + node.duration_ns) for node, _ in _rows(roots)]
        self.columns = columns
        self._start_ns = min(start for start, _ in spans)
        self.whole_ns = max(1, max(end for _, end in spans) - self._start_ns)

    def bar(self, node: Node) -> Text:
        """Return a bar at the place and of the length of its time; the shortest has one mark."""
        if not node.duration_ns:
            return Text(" " * self.columns)
        begin = min(self.columns - 1, (node.start_ns - self._start_ns) * self.columns // self.whole_ns)
        length = min(self.columns - begin, round(node.duration_ns * self.columns / self.whole_ns))
        bar = "█" * length or "▏"
        text = Text(" " * begin).append(bar, style="yellow" if self.is_slow(node) else "blue")
        return text.append(" " * (self.columns - begin - len(bar)))

    def is_slow(self, node: Node) -> bool:
        return not isinstance(node.what, Step) and node.own_ns >= self.whole_ns * _SLOW


def _rows(roots: Iterable[Node]) -> Iterator[tuple[Node, str]]:
    """Yield every node with the branches that lead to it, without recursion: nesting may be deep."""
    waiting = [(node, "", "") for node in reversed(list(roots))]
    while waiting:
        node, lead, following = waiting.pop()
        yield node, lead
        last = len(node.inside) - 1
        for place in range(last, -1, -1):
            branch, below = ("└─ ", "   ") if place == last else ("├─ ", "│  ")
            waiting.append((node.inside[place], f"{following}{branch}", f"{following}{below}"))


def _line(node: Node, lead: str, scale: _Scale, look: Look, room: int) -> Text:
    text = Text(f"{duration(node.duration_ns) if node.duration_ns else '':>{_DURATION}} ", no_wrap=True)
    if scale.is_slow(node):
        text.stylize("yellow")
    text.append_text(scale.bar(node)).append(" ")
    label = Text().append(_lead(lead, room), style="dim")
    if node.where and lead:
        label.append(f"[{node.where}] ", style="dim")
    label.append_text(_label(node, look, room - len(label)))
    if cell_len(label.plain) > room:
        label.truncate(max(room, 1), overflow="ellipsis")
    return text.append_text(label)


def _lead(lead: str, room: int) -> str:
    """Return the branches; of very deep ones the last, and how many there are."""
    return lead if len(lead) <= min(room // 2, _DEEPEST) else f"…{len(lead) // 3} deep {lead[-3:]}"


def _label(node: Node, look: Look, room: int) -> Text:
    what = node.what
    if isinstance(what, Step):
        text = Text(safe(what.title, 200), style="bold cyan")
        return (
            text.append(f" stopped by {safe(what.error, 200)}", style="not bold red") if what.error else text
        )
    if isinstance(what, Call):
        return _call(what, look, room)
    return _row(what, look)


def _row(row: Row, look: Look) -> Text:
    record = row.record
    if isinstance(record, Bypass):
        rows = "rows unknown" if record.rows is None else plural(record.rows, "row")
        text = Text(f"no signal: {record.operation} ", style="yellow")
        text.append(safe(record.model), style="cyan").append(f" {rows}", style="default")
    elif isinstance(record, Callback):
        times = f"×{row.times} " if row.times > 1 else ""  # noqa: RUF001 - the contract's sign
        text = Text(f"on_commit {times}", style="bold").append_text(cells.ending(record, row, look).styled())
        if row.cause:
            text.append(f" registered by {safe(row.cause, 100)}", style="not bold dim")
    else:
        text = _dispatch(record, row, look)
    if look.origins:
        text.append(" ").append_text(cells.origins(row).styled())
    return text


def _dispatch(dispatch: Dispatch, row: Row, look: Look) -> Text:
    style = "bold green" if dispatch.name in look.marked else "bold"
    text = Text(safe(dispatch.name), style=style).append(" ")
    sender = safe(str(dispatch.sender), look.limit)
    text.append(sender if look.verbose else short_sender(sender), style="not bold cyan")
    if row.times > 1:
        text.append(f" ×{row.times}")  # noqa: RUF001 - the contract's sign
    if dispatch.error is not None:  # what went wrong stands where nothing cuts it off
        text.append(f" raised {safe(dispatch.error, 200)}", style="not bold red")
    if dispatch.rolled_back:
        text.append(" rolled back", style="not bold yellow")
    if dispatch.unheard:
        text.append(" unheard", style="not bold dim")
    if dispatch.queries:
        text.append(f" {dispatch.queries} SQL", style="not bold dim")
    told = cells.arguments(dispatch, look).plain
    return text.append(f" {told}", style="not bold dim") if told else text


def _call(call: Call, look: Look, room: int) -> Text:
    told = call.outcome != "returned" or call.result is not None
    text = Text(tail(safe(call.receiver, 200), max(_NAME, room // 2 if told else room)))
    if call.is_async:
        text.append(" async", style="dim")
    if call.outcome in NOT_CALLED:
        return text.append(f" {NOT_CALLED[call.outcome]}", style="yellow")
    if call.duration_ns is None:
        text.append(f" {UNTIMED}", style="dim")
    if call.outcome == "raised":
        return text.append(f" raised {safe(call.error or '', 200)}", style="red")
    if call.result is not None:
        text.append(f" -> {shown(call.result, look.limit)}", style="dim")
    return text
