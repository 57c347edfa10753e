"""The arguments that are documented against those that Django is seen to send."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from stories import STORIES, TRIGGERS, VERSION, Story, played

from sigexplorer.catalog import find

if TYPE_CHECKING:
    from sigexplorer.model import Dispatch

each_trigger = pytest.mark.parametrize("story", TRIGGERS, ids=lambda story: story.name)


@pytest.fixture(scope="module")
def sent() -> dict[str, list[Dispatch]]:
    """Return by dotted path of a signal every dispatch of it, in all triggers and scenarios."""
    found = defaultdict(list)
    for story in STORIES:
        for dispatch in played(story).dispatches:
            found[dispatch.signal].append(dispatch)
    return found


@each_trigger
def test_documented_arguments_are_those_observed(story: Story, sent: dict[str, list[Dispatch]]) -> None:
    """Every documented argument is seen at least once, and none that is not documented."""
    page = find(story.name)
    observed = {name for dispatch in sent[page.path] for name, _ in dispatch.arguments}
    assert observed == {argument.name for argument in page.arguments_in(VERSION)}


@each_trigger
def test_arguments_come_as_documented(story: Story, sent: dict[str, list[Dispatch]]) -> None:
    """Each dispatch carries the documented arguments in their order; only some may be left out."""
    documented = find(story.name).arguments_in(VERSION)
    optional = {argument.name for argument in documented if argument.only}
    for dispatch in sent[find(story.name).path]:
        names = [name for name, _ in dispatch.arguments]
        assert names == [argument.name for argument in documented if argument.name in names]
        assert {argument.name for argument in documented} - set(names) <= optional


def test_methods_are_those_of_the_source(sent: dict[str, list[Dispatch]]) -> None:
    """Django's signals are sent with no other methods than the sends found in its source."""
    from sigexplorer.catalog.installed import sends

    for story in TRIGGERS:
        page = find(story.name)
        assert {dispatch.method for dispatch in sent[page.path]} <= {send.method for send in sends(page)}
