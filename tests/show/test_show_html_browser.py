"""The HTML report in a browser: what a person sees, clicks and types."""

from __future__ import annotations

import chromium
import pytest
from build import RUN, trace
from opened_reports import Open, rows
from report_traces import everything

from sigexplorer.model import Trace

pytestmark = pytest.mark.skipif(chromium.PROGRAM is None, reason=chromium.MISSING)


def test_a_report_opens(opened: Open) -> None:
    """The title, the counts, the notes, the lanes and the rows are there."""
    page = opened(everything())
    assert page.text("h1") == "scenario everything"
    assert page.text("#subtitle").startswith(
        "6 dispatches, 8 receiver calls, 3 SQL statements, 1 bypass, 2 on_c"
    )
    assert page.text("#notes") == "a note to the reader"
    assert page.run("app.trace.lanes.map((lane) => lane.label)") == [
        "process 1, MainThread",
        "process 1, worker",
    ]
    assert sorted(rows(page)) == sorted(
        [
            "post_save",
            "on_commit",
            "post_save",
            "update",
            "on_commit",
            "order_paid",
            "pre_save",
            "task_finished",
        ]
    )
    assert "1 folded" in page.text("#f-count")


@pytest.mark.parametrize(("width", "dark"), [(1400, False), (800, True), (480, False)])
def test_nothing_is_cut_off(opened: Open, width: int, *, dark: bool) -> None:
    """At any width the page is as wide as the window, and canvas and list have their place."""
    page = opened(everything(), width=width, dark=dark)
    page.until("!view.pending")
    assert page.screenshot().startswith(b"\x89PNG")
    assert page.run("document.documentElement.scrollWidth") <= width
    for part in ("#canvas", "#list"):
        assert page.run(f"document.querySelector('{part}').getBoundingClientRect().height") > 100
    light = page.run("getComputedStyle(document.body).backgroundColor")
    assert (light == "rgb(255, 255, 255)") is not dark


@pytest.mark.parametrize("shown", [(), (trace(),), (Trace(RUN),)], ids=["no trace", "a step", "nothing"])
def test_nothing_recorded_is_said(opened: Open, shown: tuple[Trace, ...]) -> None:
    """A page without dispatches opens, and every view of it."""
    page = opened(*shown)
    for name in ("summary", "coverage", "story", "timeline"):
        page.click(f"#tab-{name}")
        assert page.run("currentTab()") == name
    assert page.run("list.pool.filter((line) => !line.hidden).length") == 0


def test_hostile_texts_do_nothing(opened: Open, hostile_trace: Trace) -> None:
    """Whatever was recorded is text: in the list, the details, the tables and on the canvas."""
    page = opened(hostile_trace)
    elements = "document.querySelectorAll('script:not([type]), img, iframe, [onerror], [style*=url]').length"
    before = page.run(elements)
    page.press("n")
    page.press("Enter")
    for name in ("summary", "coverage", "story", "timeline"):
        page.run(f"openTab('{name}')")
    page.run("printAll()")
    assert page.run(elements) == before == 1
    assert page.run("typeof globalThis.alerted") == "undefined"
    shown = page.run("document.body.textContent")
    assert not any(ord(letter) < 32 and letter not in "\n " for letter in shown)
    assert not any(letter in shown for letter in "\u202e\u2066\u2028\x7f\x9b")


def test_a_click_on_a_row_shows_its_details(opened: Open) -> None:
    """Arguments, origin, SQL and calls are beside the list; links go to cause and children."""
    page = opened(everything())
    page.click("#list .line")
    page.until("!byId('details').hidden")
    told = page.text("#details")
    for part in (
        "#1 post_save",
        "<auth.User pk=1>",
        "blog/views.py:39 in signup",
        "2.00ms, returned None, 2 SQL",
        "returned queued",
        "shop.signals.welcome",
    ):
        assert part in told
    page.run(
        "[...document.querySelectorAll('#details .link')].find((one) => one.innerText.includes('#3')).click()"
    )
    page.until("byId('details-title').innerText === '#3 post_save'")
    assert "caused in\n\n#1 post_save auth.User, by blog.receivers.create_profile" in page.text("#details")
    assert page.run("document.querySelector('.line.chosen b').innerText") == "post_save"


def test_a_click_into_the_picture_shows_details(opened: Open) -> None:
    """What is drawn can be pointed at and clicked, receivers as well as dispatches."""
    page = opened(everything())
    corner = "byId('canvas').getBoundingClientRect()"
    spot = f"(([x, y]) => [{corner}.x + x + 4, {corner}.y + y + 8])"
    x, y = page.run(f"{spot}(pointOf(app.trace.order[0]))")
    page.mouse("mouseMoved", x, y + 18)
    page.until("!byId('tip').hidden")
    assert page.text("#tip") == "blog.receivers.create_profile\n2.00ms, 2 SQL"
    page.click_at(x, y + 18)
    page.until("!byId('details').hidden")
    assert page.text("#details-title") == "#1 post_save"
    failed = page.run("app.trace.failed.indexOf(1)")
    page.click_at(*page.run(f"{spot}(pointOf({failed}))"))
    page.until("byId('details-title').innerText === '#6 pre_save'")
    told = page.text("#details")
    for part in (
        "✕ ValueError: no such tag",
        "rolled back after it was sent",
        "skipped, because an earlier",
        "muted",
    ):
        assert part in told


def test_drag_and_wheel_move_and_zoom(opened: Open) -> None:
    """The wheel zooms to where the pointer is, a drag moves, a double click zooms to what is chosen."""
    page = opened(everything())
    x, y = page.middle("#canvas")
    span = "view.to - view.from"
    whole = page.run(span)
    under = page.run("timeAt(view.width / 2)")
    page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-400)
    page.until(f"{span} < {whole} * 0.7")
    assert page.run("timeAt(view.width / 2)") == pytest.approx(under, rel=0.01)
    before = page.run("view.from")
    page.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
    page.mouse("mouseMoved", x - 50, y, button="left", buttons=1)
    page.mouse("mouseReleased", x - 50, y, button="left", clickCount=1)
    page.until(f"view.from > {before}")
    assert page.run("byId('details').hidden")
    page.click("#zoom-fit")
    assert page.run(span) == whole


def test_the_keyboard_does_everything(opened: Open) -> None:
    """Search, move, zoom, choose, open and close without a mouse; the focus is seen."""
    page = opened(everything())
    page.press("/")
    assert page.run("document.activeElement.id") == "f-text"
    page.press("Escape")
    assert page.run("document.activeElement.id") == "grid"
    page.press("ArrowDown")
    page.press("ArrowDown")
    assert page.run("list.at") == 1
    assert (
        page.run("document.getElementById(byId('grid').getAttribute('aria-activedescendant')).ariaSelected")
        == "true"
    )
    page.press("Enter")
    page.until("document.activeElement.id === 'details-title'")
    page.press("Escape")
    assert page.run("byId('details').hidden && document.activeElement.id") == "grid"
    page.press("End")
    page.press("Home")
    assert page.run("list.at") == 0
    page.run("byId('canvas').focus()")
    assert page.run("getComputedStyle(byId('canvas')).outlineStyle") == "solid"
    whole = page.run("view.to - view.from")
    page.press("+")
    page.press("+")
    assert page.run("view.to - view.from") < whole / 2
    before = page.run("view.from")
    page.press("ArrowRight")
    assert page.run("view.from") > before
    page.press("-")
    page.press("Home")
    assert page.run("view.to - view.from") == whole
    page.press("n")
    page.press("f")
    assert page.run("view.to - view.from") < whole
    page.press("Enter")
    page.until("!byId('details').hidden")


def test_tabs_by_arrows(opened: Open) -> None:
    """The views are tabs: arrows go from one to the next, and only the open one is in the order."""
    page = opened(everything())
    page.click("#tab-timeline")
    seen = []
    for _ in range(4):
        page.press("ArrowRight")
        seen.append(page.run("[document.activeElement.id, document.activeElement.tabIndex]"))
    assert seen == [["tab-summary", 0], ["tab-coverage", 0], ["tab-story", 0], ["tab-timeline", 0]]
