"""Every trigger and scenario does what it says, however and whenever it is run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from golden_files import golden
from stories import SCENARIOS, STORIES, TRIGGERS, Story, outlines, played

from sigexplorer import playground as package
from sigexplorer.catalog import find

each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)
each_scenario = pytest.mark.parametrize("story", SCENARIOS, ids=lambda story: story.name)
each_trigger = pytest.mark.parametrize("story", TRIGGERS, ids=lambda story: story.name)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["listen", "watch"])
def test_what_ran_before_does_not_matter(mode: str) -> None:
    """Stories send the same the first time, the second time, and in the reverse order: what is golden."""
    once, again, backward = [*outlines("forward", mode), *outlines("backward", mode)]
    assert list(once) == [story.title for story in STORIES] == list(backward)[::-1]
    assert _different(once, again) == {}
    assert _different(once, backward) == {}
    if mode == "listen":
        assert _different({story.title: golden(story).read() for story in STORIES}, once) == {}


def _different(expected: dict[str, str], seen: dict[str, str]) -> dict[str, list[str]]:
    """Return by title the lines that are in one of the two outlines only."""
    return {
        title: sorted(set(told.splitlines()) ^ set(seen[title].splitlines()))
        for title, told in expected.items()
        if told != seen[title]
    }


@each_trigger
def test_trigger_makes_django_send_its_signal(story: Story) -> None:
    """The trigger of a signal is followed by a dispatch of that very signal, sent from Django's source."""
    page = find(story.name)
    sent = [dispatch for dispatch in played(story).dispatches if dispatch.signal == page.path]
    assert sent
    assert {(dispatch.name, dispatch.group) for dispatch in sent} == {(page.name, page.group)}


def test_triggers_send_nothing_themselves() -> None:
    """No trigger calls a send method: it is Django that does."""
    folder = Path(package.__file__).parent / "triggers"
    called = {
        node.func.attr
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert called
    assert not called & {"send", "send_robust", "asend", "asend_robust"}


@each_scenario
def test_every_step_has_a_title_and_an_end(story: Story) -> None:
    """A scenario has named steps, one after the other, and each record stands in one of them."""
    trace = played(story)
    assert [step.id for step in trace.steps] == list(range(1, len(trace.steps) + 1))
    assert all(step.title and step.duration_ns > 0 and step.error is None for step in trace.steps)
    ends = [step.start_ns + step.duration_ns for step in trace.steps]
    assert all(end <= later.start_ns for end, later in zip(ends, trace.steps[1:], strict=False))
    records = [*trace.dispatches, *trace.bypasses]
    assert {record.step for record in records} <= {step.id for step in trace.steps}


@each_story
def test_records_are_a_tree(story: Story) -> None:
    """Ids are unique, what causes comes before what is caused, and lasts as long."""
    trace = played(story)
    by_id = {dispatch.id: dispatch for dispatch in trace.dispatches}
    ids = [record.id for record in [*trace.dispatches, *trace.bypasses]]
    assert len(set(ids)) == len(ids)
    for record in [*trace.dispatches, *trace.bypasses]:
        assert (record.parent is None) == (record.parent_call is None)
        if record.parent is not None:
            cause = by_id[record.parent]
            assert record.parent < record.id
            assert 0 <= record.parent_call < len(cause.calls)
            assert cause.start_ns <= record.start_ns <= cause.start_ns + cause.duration_ns


@each_story
def test_our_receivers_are_never_among_the_calls(story: Story) -> None:
    """What listens for us is no receiver of the project's, nor does it count as one."""
    for dispatch in played(story).dispatches:
        assert [call.order for call in dispatch.calls] == list(range(1, len(dispatch.calls) + 1))
        for call in dispatch.calls:
            assert call.dispatch_uid != "sigexplorer"
            assert not call.receiver.startswith("sigexplorer.capture")
