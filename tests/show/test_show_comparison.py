"""What changed between two runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from build import bypass, call, dispatch, trace, traces
from drawing import CONTROL, drawn
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.errors import UsageError
from sigexplorer.model import Claim, Trace
from sigexplorer.show import comparison
from sigexplorer.show.comparison import Difference, compare, narrowed, pairs
from sigexplorer.show.comparison_page import page
from sigexplorer.show.filters import Filters
from sigexplorer.show.outline import outline, outlined, parse
from sigexplorer.show.slower import slower
from sigexplorer.show.views import document

GOLDEN = Path(__file__).parent.parent / "golden"


def changes(before: Trace, after: Trace) -> list[tuple[str, str, str | None, str | None]]:
    """Return what changed: kind, signal, before, after."""
    found = compare(outlined(before), outlined(after))
    return [(each.kind, each.signal, each.before, each.after) for each in found]


FIRST = dispatch(1, "pre_save", arguments=(("created", True), ("raw", False)))
SECOND = dispatch(2, calls=(call("one"), call("two")), queries=1)
THIRD = dispatch(3, "post_delete", sender="blog.Tag")
BEFORE = trace(FIRST, SECOND, THIRD)


@given(recorded=traces())
def test_a_run_does_not_differ_from_itself(recorded: Trace) -> None:
    """Whatever was recorded, nothing changed between it and itself, as records or as an outline."""
    assert compare(outlined(recorded), outlined(recorded)) == []


@given(recorded=traces(st.from_regex(r"[a-z]+(\.[a-z]+)?", fullmatch=True)))
def test_an_outline_is_read_as_it_was_written(recorded: Trace) -> None:
    """A golden outline and the trace that it is of do not differ."""
    made = outlined(recorded)
    read = parse(outline(recorded))
    assert [(entry.depth, entry.text) for entry in read.entries] == [
        (entry.depth, entry.text) for title in (None, *dict(made.steps)) for entry in made.entries
        if entry.step == title
    ]  # fmt: skip
    assert compare(read, made) == compare(made, read) == []


def test_every_golden_outline_is_read() -> None:
    """What stands in tests/golden is an outline, and does not differ from itself."""
    texts = {file.name: file.read_text(encoding="utf-8") for file in GOLDEN.glob("*.txt")}
    assert texts
    assert [name for name, text in texts.items() if compare(parse(text), parse(text)) != []] == []


def test_what_does_not_matter() -> None:
    """Times, ids, keys, threads and addresses make no difference."""
    after = trace(
        *(
            replace(
                each, id=each.id + 10, start_ns=each.start_ns * 7, duration_ns=9, thread="other", process=9
            )
            for each in (FIRST, SECOND, THIRD)
        )
    )
    assert changes(BEFORE, after) == []


def test_new_and_gone() -> None:
    """What fires now and did not, and what fires no longer, nested things too."""
    more = trace(FIRST, SECOND, dispatch(3, "m2m_changed", parent=2, parent_call=0), replace(THIRD, id=4))
    assert changes(BEFORE, more) == [("new", "m2m_changed", None, "")]
    assert changes(more, BEFORE) == [("gone", "m2m_changed", "", None)]


def test_another_order() -> None:
    """What stands elsewhere has moved: it is neither new nor gone."""
    after = trace(replace(THIRD, id=1), replace(FIRST, id=2), replace(SECOND, id=3))
    assert changes(BEFORE, after) == [("moved", "post_delete", "", "")]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"calls": (call("two"), call("one"))},
         ("receivers", "one returned; two returned", "two returned; one returned")),
        ({"calls": (call("one"),)}, ("receivers", "one returned; two returned", "one returned")),
        ({"calls": ()}, ("receivers", "one returned; two returned", "nobody")),
        ({"calls": (call("one"), call("two", outcome="raised", error="Boom"))},
         ("receivers", "one returned; two returned", "one returned; two raised Boom")),
        ({"queries": 4}, ("SQL", "1", "4")),
        ({"arguments": (("raw", True),)}, ("arguments", "", "raw=True")),
        ({"rolled_back": True}, ("transaction", "kept", "rolled back")),
    ],
)  # fmt: skip
def test_the_same_dispatch_changed(change: dict[str, Any], told: tuple[str, str, str]) -> None:
    """Other receivers, another order of them, another outcome, other arguments, more SQL."""
    after = trace(FIRST, replace(SECOND, **change), THIRD)
    kind, before, now = told
    assert changes(BEFORE, after) == [(kind, "post_save", before, now)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/orders", "/shop/orders"),
        ("/shop/orders/", "/blog/orders/"),
        ("a </b> c", "a <b> c"),
        ("</script>", "<script>"),
        ("[/bold]", "[bold]"),
        ("/media/one.png", "/static/one.png"),
    ],
)
def test_texts_with_slashes_are_told_as_they_are(before: str, after: str) -> None:
    """What is no path of a machine is compared, and told, whole."""
    told = [dispatch(1, arguments=(("text", text),)) for text in (before, after)]
    (change,) = changes(trace(told[0]), trace(told[1]))
    assert change == ("arguments", "post_save", f"text={before}", f"text={after}")


@pytest.mark.parametrize(
    "path",
    [
        "/home/amy/shop/shop/models.py",
        "/Users/amy/shop/models.py",
        "/app/shop/models.py",
        "C:\\work\\shop\\models.py",
        "/var/lib/jenkins/workspace/models.py",
    ],
)
def test_paths_of_machines_do_not_matter(path: str) -> None:
    """The folder in which a program lies makes no difference, alone or in a text."""
    for text in ("{}", "no such file: '{}'"):
        told = [dispatch(1, arguments=(("text", text.format(one)),)) for one in (path, "/srv/x/models.py")]
        assert changes(trace(told[0]), trace(told[1])) == []


def test_only_the_arguments_that_differ_are_told() -> None:
    """Of many arguments those are told that changed."""
    after = trace(replace(FIRST, arguments=(("created", False), ("raw", False))), SECOND, THIRD)
    assert changes(BEFORE, after) == [("arguments", "pre_save", "created=True", "created=False")]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"arguments": (("instance", "<blog.Post pk=None>"), ("pk_set", "{1}"))},
            ("instance=<blog.Post pk=*>", "instance=<blog.Post pk=None>"),
        ),
        ({"method": "send_robust"}, ("by send()", "by send_robust()")),
    ],
    ids=["an object", "the method"],
)
def test_what_differs_is_told_whole(changed: Any, told: tuple[str, str]) -> None:
    """A blank in an object is no end of it, and how it was sent belongs to no argument."""
    before = dispatch(1, arguments=(("instance", "<blog.Post pk=7>"), ("pk_set", "{1}")))
    assert changes(trace(before), trace(replace(before, **changed))) == [("arguments", "post_save", *told)]


def test_sql_is_told_where_it_is_executed() -> None:
    """A statement more in a nested dispatch is no change of what it is nested in."""
    nested = dispatch(2, parent=1, parent_call=0, queries=1)
    before = trace(dispatch(1, calls=(call(),), queries=2), nested)
    after = trace(dispatch(1, calls=(call(),), queries=3), replace(nested, queries=2))
    found = compare(outlined(before), outlined(after))
    assert [(each.before, each.after) for each in found] == [("1", "2")]


def test_steps_claims_and_counts() -> None:
    """A step that is gone, a claim that failed and init signals that became more are differences."""
    before = trace(
        FIRST, dispatch(2, "pre_init"), steps=2, claims=(Claim("it holds", held=True, detail=None),)
    )
    after = trace(
        FIRST,
        dispatch(2, "pre_init"),
        dispatch(3, "pre_init"),
        claims=(Claim("it holds", held=False, detail=None),),
    )
    assert changes(before, after) == [
        ("count", "pre_init", "1", "2"),
        ("step", "step gone", None, None),
        ("claim", "it holds", "held", "FAILED"),
    ]


def test_the_same_change_is_said_once() -> None:
    """A hundred dispatches more are one difference, a hundred times."""
    after = trace(FIRST, *(replace(SECOND, id=number) for number in range(2, 103)), replace(THIRD, id=200))
    (found,) = compare(outlined(BEFORE), outlined(after))
    assert (found.kind, found.times) == ("new", 100)


def test_very_different_long_runs_are_compared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many lines to look for the best match, each kind is held against its own."""
    monkeypatch.setattr(comparison, "_LARGEST", 10)
    before = trace(*(dispatch(number, sender=f"a.M{number % 7}") for number in range(1, 50)))
    after = trace(*(dispatch(number, sender=f"a.M{number % 5}") for number in range(1, 50)))
    found = compare(outlined(before), outlined(after))
    gone = sum(each.times for each in found if each.kind == "gone")
    assert gone == sum(each.times for each in found if each.kind == "new")
    assert {each.sender for each in found if each.kind == "gone"} == {"a.M5", "a.M6"}


def test_outlines_are_filtered_by_what_they_hold() -> None:
    """Signals, senders, receivers, depth and steps choose lines of an outline; times cannot."""
    read = parse(outline(trace(FIRST, SECOND, THIRD, bypass(4))))

    def left(**chosen: Any) -> list[str]:
        return [entry.text.split()[0] for entry in narrowed(read, Filters(**chosen)).entries]

    assert left(signals=("%save",)) == ["pre_save", "post_save"]
    assert left(signals=("!%save",)) == ["post_delete", "no"]
    assert left(sender="blog.Tag") == ["post_delete"]
    assert left(receiver="tw*") == ["post_save"]
    assert left(step="step 1", depth=1) == ["pre_save", "post_save", "post_delete", "no"]
    assert left(step="other") == []
    with pytest.raises(UsageError, match="no times"):
        narrowed(read, Filters(min_ns=1))


@pytest.mark.parametrize("arguments", [(), (("raw", False),)])
def test_a_sender_may_be_any_text(arguments: tuple[tuple[str, Any], ...]) -> None:
    """A sender in which there are spaces is not cut in two, with arguments and without."""
    odd = dispatch(1, "paid", sender="=cmd|' /c calc'!A1 x", arguments=arguments, method="asend")
    for before, after in ((trace(), trace(odd)), (trace(odd), trace())):
        (found,) = compare(outlined(before), outlined(after))
        assert (found.sender, found.kind) == (odd.sender, "new" if after.dispatches else "gone")
        assert (found.before or found.after) == f"{'raw=False ' if arguments else ''}by asend()"


@pytest.mark.parametrize("text", ["", "hello", "# title\nx", "# title\n\n## step\n    \x00", "# title\nheld"])
def test_what_is_no_outline(text: str) -> None:
    """A text that is no outline is said to be none, with the line."""
    if text == "# title\n\n## step\n    \x00":
        assert parse(text).entries[0].text == "\x00"
        return
    with pytest.raises(ValueError, match=r"line [12] is no"):
        parse(text)


def test_traces_are_paired_by_title() -> None:
    """Of several traces those of the same title belong together; the only ones always do."""
    one, two = outlined(BEFORE), replace(outlined(BEFORE), title="other")
    assert list(pairs([one], [two])) == [(one, two)]
    assert list(pairs([one, two], [two])) == [(one, None), (two, two)]


def timed(*durations: int) -> Trace:
    """Return a trace in which one receiver took these times."""
    calls = [call("r", duration_ns=each * 1_000) for each in durations]
    return trace(*(dispatch(number, calls=(each,)) for number, each in enumerate(calls, 1)))


def test_slower_is_more_than_noise() -> None:
    """A receiver is slower when its median grew by more than it differs from itself."""
    steady, noisy = (100, 101, 99, 100), (50, 100, 150, 100)
    assert [each.receiver for each in slower([[timed(*steady)]], [[timed(150, 151, 149)]]).slower] == ["r"]
    assert slower([[timed(*noisy)]], [[timed(110, 160, 190, 130)]]).slower == ()
    assert slower([[timed(*steady)]], [[timed(*steady)]]).slower == ()
    assert slower([[timed(150, 151, 149)]], [[timed(*steady)]]).slower == ()


def test_too_few_calls_are_said() -> None:
    """Of a receiver that was called once nobody knows its noise: it is listed as unknown."""
    found = slower([[timed(100)]], [[timed(900)]])
    assert (found.slower, found.unknown) == ((), ("r",))


def test_several_recordings_make_noise_between_runs_visible() -> None:
    """With three recordings a side a sample is a whole run: what differs between runs is noise."""
    before = [[timed(100, 100)], [timed(200, 200)], [timed(150, 150)]]
    assert slower(before, [[timed(180, 180)], [timed(210, 210)], [timed(160, 160)]]).slower == ()
    (found,) = slower(before, [[timed(900, 900)], [timed(910, 910)], [timed(890, 890)]]).slower
    assert (found.before_ns, found.after_ns, found.samples) == (150_000, 900_000, (3, 3))


def test_hostile_differences_do_nothing(hostile_text: str) -> None:
    """Whatever stands in a difference, it is shown on lines of its own and moves no cursor."""
    text = hostile_text[:2_000]
    kinds = ("new", "gone", "moved", "receivers", "arguments", "step", "claim", "count")
    found = [Difference(kind, text, text, text, text, text, text) for kind in kinds]  # type: ignore[arg-type]
    assert not CONTROL.search(drawn(document.render(page((text, text), found, None), 100), 100))
