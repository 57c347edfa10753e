"""A story that breaks is an answer, not an accident: a failed claim, exit code 1, and the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from stories import SCENARIOS, TRIGGERS, Story, outline_of, play, played, settled

from sigexplorer.cli.run import run
from sigexplorer.show.facts import verdicts

if TYPE_CHECKING:
    from collections.abc import Callable

    from sigexplorer.model import Trace
    from sigexplorer.playground.steps import Steps

    Code = Callable[[Steps], None]

SAVE_USER = next(story for story in SCENARIOS if story.name == "save-user")
UPDATE_USER = next(story for story in SCENARIOS if story.name == "update-user")


def in_a_step(step: Steps) -> None:
    """Break in the middle of a step."""
    with step("it begins"):
        raise LookupError("[red]no such thing[/red]")


def between_steps(step: Steps) -> None:
    """Break while something is prepared."""
    with step("it begins"):
        pass
    raise LookupError("[red]no such thing[/red]")


def in_a_transaction(step: Steps) -> None:
    """Break in a transaction, after rows were written."""
    from django.contrib.auth.models import User
    from django.db import transaction

    with step("it begins"), transaction.atomic():
        User.objects.create_user("amy")
        raise LookupError("[red]no such thing[/red]")


def in_a_receiver(step: Steps) -> None:
    """Break in a receiver that stays connected for as long as the step."""
    from django.contrib.auth.models import User
    from django.db.models.signals import pre_save

    def broken(**_kwargs: object) -> None:
        raise LookupError("[red]no such thing[/red]")

    pre_save.connect(broken, sender=User)
    try:
        with step("it begins"):
            User.objects.create_user("amy")
    finally:
        pre_save.disconnect(broken, sender=User)


def after_dropping_a_table(step: Steps) -> None:
    """Break the database itself."""
    from django.db import connection

    with step("it begins"):
        connection.cursor().execute("DROP TABLE auth_user")
    raise LookupError("[red]no such thing[/red]")


def before_the_first_step(_step: Steps) -> None:
    """Break before anything was recorded."""
    raise LookupError("[red]no such thing[/red]")


WAYS = [
    in_a_step,
    between_steps,
    in_a_transaction,
    in_a_receiver,
    after_dropping_a_table,
    before_the_first_step,
]

each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


@pytest.fixture
def broken(way: Code, playground: object, monkeypatch: pytest.MonkeyPatch) -> Story:
    """Return a scenario that breaks in one of many ways."""
    from sigexplorer.playground.scenarios import saving

    assert playground
    monkeypatch.setattr(saving, "save_user", way)
    return SAVE_USER


@each_way
def test_breaking_is_a_failed_claim(broken: Story, way: Code) -> None:
    """The trace of a broken scenario says so, with the error, and keeps what came before."""
    trace = play(broken)
    failed = [claim for claim in trace.claims if not claim.held]
    assert len(failed) == 1
    assert "LookupError: [red]no such thing[/red]" in (failed[0].detail or "")
    assert not trace.held
    steps = [] if way is before_the_first_step else ["it begins"]
    assert [step.title for step in trace.steps] == steps
    assert any(step.error for step in trace.steps) == (
        way not in (between_steps, after_dropping_a_table, before_the_first_step)
    )


@each_way
def test_breaking_is_exit_code_one(
    broken: Story, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command shows what failed, without a traceback, runs the others and exits with 1."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert run(["scenario", broken.name, UPDATE_USER.name]) == 1
    out, err = capsys.readouterr()
    assert "FAILED" in out
    assert "[red]no such thing[/red]" in out
    assert out.index(f"scenario {broken.name}") < out.index(f"scenario {UPDATE_USER.name}")
    assert "Traceback" not in out + err
    assert "internal error" not in err


@each_way
@pytest.mark.usefixtures("way")
def test_later_stories_are_unaffected(broken: Story) -> None:
    """After a scenario that broke, whatever it left in the databases, the next ones are as ever."""
    expected = {story: settled(outline_of(story, played(story))) for story in (UPDATE_USER, *TRIGGERS[:7])}
    play(broken)
    for story, told in expected.items():
        again = play(story)
        assert settled(outline_of(story, again)) == told
        assert again.held


def test_a_claim_that_fails_does_not_stop_the_story(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Claims after one that failed are checked too; each says what was seen instead."""
    from sigexplorer.playground.scenarios import saving

    def disappointed(step: Any) -> None:
        with step("count"):
            pass
        step.claim("two is three", 2, 3)
        step.claim("two is two", 2, 2)

    monkeypatch.setattr(saving, "save_user", disappointed)
    trace: Trace = play(SAVE_USER)
    assert [(claim.text, claim.held) for claim in trace.claims] == [
        ("two is three", False),
        ("two is two", True),
    ]
    assert "2" in str(trace.claims[0].detail)
    assert "3" in str(trace.claims[0].detail)
    assert run(["scenario", SAVE_USER.name]) == 1
    out, _ = capsys.readouterr()
    assert "FAILED" in out
    assert "two is three" in out


def test_a_trigger_that_sends_nothing_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A trigger without a dispatch of its signal is a failed claim, and exit code 1."""
    from sigexplorer.playground.triggers import models

    def idle(step: Any) -> None:
        with step("do nothing"):
            pass

    monkeypatch.setattr(models, "save_a_post", idle)
    assert run(["trigger", "post_save"]) == 1
    assert "FAILED" in capsys.readouterr().out


def test_a_part_that_breaks_does_not_end_the_story(
    monkeypatch: pytest.MonkeyPatch, playground: object
) -> None:
    """The facts that a part was about have failed, and the parts after it are told."""
    from sigexplorer.playground.scenarios import connecting

    assert playground

    def broken(step: Any) -> None:
        with step("it begins"):
            pass
        step.claim("two is two", 2, 2, fact="dup")
        raise LookupError("no such thing")

    whole = played(next(story for story in SCENARIOS if story.name == "connecting"))
    monkeypatch.setattr(connecting, "_twice", broken)
    trace = play(next(story for story in SCENARIOS if story.name == "connecting"))
    failed = [claim for claim in trace.claims if not claim.held]
    assert [(claim.text, claim.fact) for claim in failed] == [("this part ran to its end", "dup")]
    assert failed[0].detail == "LookupError: no such thing"
    assert [step.title for step in trace.steps[1:]] == [step.title for step in whole.steps[3:]]


@pytest.mark.usefixtures("playground")
def test_a_fact_does_not_hold_where_a_part_that_claims_it_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another part has claimed of it does not make up for that; facts of other parts hold."""
    from sigexplorer.playground.scenarios import identities

    def broken(*_args: object, **_kwargs: object) -> None:
        raise LookupError("no such thing")

    monkeypatch.setattr(identities, "authenticate", broken)
    trace = play(next(story for story in SCENARIOS if story.name == "identities"))
    assert any(claim.held for claim in trace.claims if claim.fact == "login-not")
    tried = verdicts([trace])
    assert {name for name, held in tried.items() if not held} == {"login-failed", "login-not"}
    assert tried["logout-anon"]
