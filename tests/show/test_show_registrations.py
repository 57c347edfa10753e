"""Who listens, drawn at any width, as lines and as Markdown; what would run and why not, too."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from build import TEXTS, receivers
from drawing import CONTROL, drawn, unwrapped, widest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sigexplorer.answers import Check, Diagnosis, Event, Explained
from sigexplorer.model import ListedReceiver, Origin
from sigexplorer.show import diagnosing, explaining, registrations
from sigexplorer.show.document import Document, Paragraph
from sigexplorer.show.exporters import markdown
from sigexplorer.show.views import document, styled

ONE = ListedReceiver(
    "django.db.models.signals.post_save", "post_save", "shop.receivers.on_save", 1, "shop/receivers.py", 7,
    "shop.Product", "x", weak=True, is_async=False, alive=True,
    connected_at=Origin("shop/apps.py", 9, "ready"), stock=False,
)  # fmt: skip
STOCK = replace(ONE, receiver="django.contrib.auth.models.update_last_login", order=2, stock=True)


def documents(found: list[ListedReceiver], text: str, width: int) -> list[Document]:
    """Return every document about receivers, full of a text."""
    event = Event("sent", text, text, text, text, tuple(found))
    silent = Event("silent", None, text, text, text)
    explained = Explained(text, "save", (event, silent, replace(silent, kind="stopped")), (text,))
    check = Check("alive", text, "failed", (text,), (Origin(text, 1, text),), text)
    checks = tuple(replace(check, state=state) for state in ("ok", "failed", "noted", "skipped"))
    return [
        *(registrations.table(found, width, verbose=verbose) for verbose in (True, False)),
        explaining.document([explained], wide=width > 100),
        diagnosing.document(Diagnosis(text, (text,), checks)),
        diagnosing.document(Diagnosis(text, (), checks[:1])),
    ]


@given(found=st.lists(receivers(TEXTS), max_size=3), text=TEXTS, width=st.sampled_from([40, 80, 160]))
def test_whatever_they_are_called_is_drawn_safely(found: list[ListedReceiver], text: str, width: int) -> None:
    """No control character of a name reaches the terminal, at any width, and nothing is wider than it."""
    for shown in documents(found, text, width):
        picture = drawn(document.render(shown, width, lambda file: file), width)
        assert not CONTROL.search(picture)
        assert widest(picture) <= width
        assert markdown.write(shown)


@given(found=st.lists(receivers(TEXTS), max_size=4))
def test_a_line_is_a_registration(found: list[ListedReceiver]) -> None:
    """For editors there is one line for each registration that is not Django's, whatever it is called."""
    text = registrations.lines(found, verbose=True)
    assert text.count("\n") == len(found) == len(text.splitlines())
    own = registrations.lines(found, verbose=False)
    assert own.count("\n") == sum(not one.stock for one in found)


def test_the_lines_are_for_editors() -> None:
    """A line is ``path:line: signal receiver``; without Python source it is where it was connected."""
    compiled = replace(ONE, file=None, line=None)
    nowhere = replace(compiled, connected_at=None)
    assert registrations.lines([ONE, compiled, nowhere], verbose=False).splitlines() == [
        "shop/receivers.py:7: post_save shop.receivers.on_save",
        "shop/apps.py:9: post_save shop.receivers.on_save",
        "?:0: post_save shop.receivers.on_save",
    ]
    opened = registrations.lines([ONE, compiled], verbose=False, full=lambda file: f"/packages/{file}")
    assert re.findall(r"^[^:]+", opened, re.MULTILINE) == [
        "/packages/shop/receivers.py",
        "/packages/shop/apps.py",
    ]
    other = replace(ONE, signal="shop.signals.post_save")
    assert [line.split()[1] for line in registrations.lines([ONE, other], verbose=False).splitlines()] == [
        "django.db.models.signals.post_save",
        "shop.signals.post_save",
    ]


@pytest.mark.parametrize("width", [40, 100, 200])
def test_everything_about_a_registration_is_shown(width: int) -> None:
    """Receiver, place, sender, key and where it was connected are there at any width."""
    picture = unwrapped(
        drawn(document.render(registrations.table([ONE], width, verbose=False), width), width)
    )
    for text in (
        "shop.receivers.on_save",
        "shop/receivers.py:7",
        "shop.Product",
        "shop/apps.py:9",
        "dispatch_uidx",
    ):
        assert text in picture


def test_djangos_own_are_folded() -> None:
    """Django's own receivers are counted, and shown when asked for; order numbers are those of all."""
    folded = drawn(document.render(registrations.table([ONE, STOCK], 200, verbose=False), 200), 200)
    assert "1 receiver of 1 signal\n" in folded
    assert "1 receiver of Django's own left out (-v shows them)" in folded
    assert "update_last_login" not in folded
    assert "update_last_login" in drawn(
        document.render(registrations.table([ONE, STOCK], 200, verbose=True), 200), 200
    )
    assert "no receivers" in drawn(document.render(registrations.table([], 200, verbose=False), 200), 200)


def test_a_place_is_a_link_to_its_file() -> None:
    """Where the file is known, a place is a link that a terminal can follow, spaces and all."""
    shown = document.render(
        registrations.table([ONE], 200, verbose=False), 200, lambda file: f"/my work/{file}"
    )
    console = Console(file=io.StringIO(), width=200, force_terminal=True, color_system="standard")
    console.print(shown)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    assert "file:///my%20work/shop/receivers.py#7" in text
    assert "file:///my%20work/shop/apps.py#9" in text
    assert "file:" not in drawn(shown, 200)


_STYLES = re.compile(r"\x1b(?:\[[\d;]*m|\]8;[^\x1b]*\x1b.)")


@pytest.mark.parametrize("width", [60, 100, 200, 10_000])
@pytest.mark.parametrize("terminal", [False, True])
def test_a_long_table_looks_like_a_short_one(
    width: int, monkeypatch: pytest.MonkeyPatch, *, terminal: bool
) -> None:
    """Above some hundred rows a table is written without Rich's, and looks the same, links and all."""
    dead = replace(ONE, receiver="shop.receivers.später_語", order=12, alive=False, dispatch_uid=None)
    shown = registrations.table([ONE, dead, replace(STOCK, sender=None)], width, verbose=True)

    def pages() -> list[str]:
        console = Console(
            file=io.StringIO(), width=width, force_terminal=terminal,
            color_system="standard" if terminal else None,
        )  # fmt: skip
        console.print(document.render(shown, width, lambda file: f"/my work/{file}"))
        text: str = console.file.getvalue()  # type: ignore[attr-defined]
        assert ("file:///my%20work/shop/apps.py#9" in text) == terminal
        return [line.rstrip() for line in _STYLES.sub("", text).split("\n")]

    short = pages()
    monkeypatch.setattr(styled, "_LONG", 1)
    assert pages() == short


def test_a_long_table_is_never_too_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit goes on in the next line, and nothing of it is lost."""
    monkeypatch.setattr(styled, "_LONG", 0)
    for width in (12, 25, 60):
        picture = drawn(document.render(registrations.table([ONE], 200, verbose=False), width), width)
        assert widest(picture) <= width
        assert "shop.receivers.on_save" in unwrapped(
            drawn(document.render(registrations.table([ONE], width, verbose=False), width), width)
        )


def test_the_verdict_says_what_to_do() -> None:
    """A diagnosis ends with what is wrong and how it is mended."""
    check = Check(
        "alive", "is it still alive?", "failed", ("it died", "twice"), (Origin("a.py", 3, "f"),), "keep it"
    )
    picture = drawn(document.render(diagnosing.document(Diagnosis("f", (), (check,))), 100), 100)
    assert "NO" in picture
    assert "a.py:3" in picture
    assert unwrapped(picture).endswith("VerdictItdied.-twiceTomendit:keepit.")


def test_a_question_whose_good_answer_is_no_can_be_answered_in_part() -> None:
    """A receiver that some rows reached and others bypassed was bypassed in part."""
    check = Check("bypassed", "was it bypassed?", "noted", ("bulk_create of shop.Product sent no signal",))
    picture = drawn(document.render(diagnosing.document(Diagnosis("f", (), (check,))), 100), 100)
    assert "in part" in picture


def test_a_text_that_is_a_sender_stands_in_quotes() -> None:
    """The text 'shop.Product' is told from the model of that name."""
    text = replace(ONE, by_text=True)
    for width in (50, 100, 200):
        picture = drawn(document.render(registrations.table([text], width, verbose=False), width), width)
        assert "'shop.Product'" in picture


def test_no_name_begins_a_line_of_its_own() -> None:
    """A line break in a name or a key is shown as what it is."""
    odd = replace(ONE, receiver="a\nb", sender="c\nd", dispatch_uid="e\nf")
    for width in (50, 100, 200):
        picture = drawn(document.render(registrations.table([odd], width, verbose=False), width), width)
        assert all(text in picture for text in (r"a\nb", r"c\nd", r"e\nf"))


@pytest.mark.parametrize("width", [40, 100, 200])
def test_what_lives_by_debug_alone_is_marked(width: int) -> None:
    """A receiver that will be dead with DEBUG off says so, and is counted below the tables."""
    shown = registrations.table([ONE, replace(ONE, order=2, by_debug=True)], width, verbose=False)
    picture = unwrapped(drawn(document.render(shown, width), width))
    assert picture.count("onlywhileDEBUGison") == 1
    assert picture.endswith("1receiverheldonlybywhatDEBUGremembers:withDEBUGoff,deadassoonasconnected")
    assert "DEBUG" not in drawn(
        document.render(registrations.table([ONE], width, verbose=False), width), width
    )


def test_a_line_names_a_signal_of_ones_own_with_its_module() -> None:
    """What is no signal of Django's is named in full: its last part alone says nothing."""
    own = replace(ONE, signal="shop.events.HIDDEN[0]", name="HIDDEN[0]")
    assert registrations.lines([ONE, own], verbose=False).splitlines() == [
        "shop/receivers.py:7: post_save shop.receivers.on_save",
        "shop/receivers.py:7: shop.events.HIDDEN[0] shop.receivers.on_save",
    ]


@pytest.mark.parametrize(
    ("verdict", "written"),
    [
        ("shop.receivers was never imported", "shop.receivers was never imported."),
        ("shop/receivers.py:3 defines f again", "shop/receivers.py:3 defines f again."),
        ("post_save: its sender is no class", "post_save: its sender is no class."),
        ("paid was never sent in this run", "paid was never sent in this run."),
        ("it takes no **kwargs", "It takes no **kwargs."),
        ("nobody connected it", "Nobody connected it."),
        ("connected 2 times", "Connected 2 times."),
    ],
)
def test_a_verdict_leaves_names_as_they_are(verdict: str, written: str) -> None:
    """A sentence begins with a capital, a name of the project's does not."""
    check = Check("alive", "is it?", "failed", (verdict,))
    assert Paragraph(written) in diagnosing.document(Diagnosis("f", (), (check,)))
