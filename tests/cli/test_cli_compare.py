"""scenario --compare: what listening itself changes, and docs --live, which measures it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from processes import is_svg

from sigexplorer.errors import DatabaseUrlError
from sigexplorer.show.text import plural

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Cli

    Valid = Callable[[str, str], Any]


def test_the_fast_paths_stand_side_by_side(story_cli: Cli) -> None:
    """One DELETE on one side is signals in a transaction on the other."""
    answer = story_cli("scenario", "listening", "--compare")
    assert (answer.code, answer.err) == (0, "")
    assert re.search(r"only watching +listening", answer.out)
    assert re.search(r"^ +\+ pre_delete blog.Comment$", answer.out, re.MULTILINE)
    assert re.search(r"^- no signal: fast_delete blog.Comment$", answer.out, re.MULTILINE)
    assert re.search(r"^ +\+ m2m_changed auth.User_groups$", answer.out, re.MULTILINE)
    assert "the same either way: step 7" in answer.out


def test_the_changes_as_json(story_cli: Cli, valid: Valid) -> None:
    """Each signal and statement that listening added or removed is a record."""
    (comparison,) = valid(story_cli("scenario", "listening", "--compare", "-f", "json").out, "comparison")[
        "comparisons"
    ]
    first = [each for each in comparison["changes"] if each["step"] == 1]
    assert [(each["change"], each["name"] or each["sql"], each["sender"]) for each in first] == [
        ("added", "BEGIN", None),
        ("added", "pre_delete", "blog.Comment"),
        ("removed", "fast_delete", "blog.Comment"),
        ("added", "post_delete", "blog.Comment"),
        ("added", "COMMIT", None),
    ]
    assert not [each for each in comparison["changes"] if each["step"] == 7]
    assert comparison["held"]


def test_saving_is_the_same_either_way(story_cli: Cli) -> None:
    """A story without deletes and many-to-many relations is the same."""
    assert "Nothing: the same signals and the same SQL" in story_cli("scenario", "save-user", "--compare").out


def test_it_is_the_same_every_time(story_cli: Cli) -> None:
    """What ran before makes no difference."""
    first = story_cli("scenario", "login-flow", "many-to-many", "--compare").out
    story_cli("scenario", "delete-cascade")
    assert story_cli("scenario", "login-flow", "many-to-many", "--compare").out == first


@pytest.mark.slow
def test_all_of_them_end_in_one_table(story_cli: Cli) -> None:
    """Of --all there is a row for each; only what deletes or relates rows differs."""
    out = story_cli("scenario", "--all", "--compare").out
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()[4:] if line.strip()}
    assert rows["listening"] == ["+24", "+13", "-6", "-5"]
    assert rows["save-user"] == rows["rollback"] == rows["request"] == []
    assert "BEGIN" not in out


def test_other_formats(story_cli: Cli, tmp_path: Path) -> None:
    """It is also Markdown, a picture and a file."""
    assert story_cli("scenario", "listening", "--compare", "-f", "markdown").out.startswith(
        "# scenario listening"
    )
    assert is_svg(story_cli("scenario", "listening", "--compare", "-f", "svg").out)
    file = tmp_path / "changes.md"
    assert story_cli("scenario", "listening", "--compare", "-o", file).out == ""
    assert file.read_text(encoding="utf-8").startswith("# scenario listening")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-e", "%save"], "--compare shows all that differs"),
        (["-c"], "--compare shows all that differs"),
        (["-f", "html"], "unknown format 'html'"),
        (["-o", "trace.jsonl"], "this command writes no '.jsonl'"),
    ],
)
def test_what_does_not_go_with_it(arguments: list[str], said: str, story_cli: Cli) -> None:
    """Filters and formats of a trace are refused before anything runs."""
    answer = story_cli("scenario", "listening", "--compare", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize("option", [["--compare"], ["--database", "sqlite://"]], ids=" ".join)
def test_something_to_run_has_to_be_named(option: list[str], cli: Cli) -> None:
    """The list of scenarios is no answer to a question about running them."""
    answer = cli("scenario", *option)
    assert (answer.code, answer.out) == (2, "")
    assert "name scenarios, or --all of them" in answer.err


def test_a_claim_that_fails_is_exit_1(story_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim that holds only watching is named, with the way in which it failed."""
    from sigexplorer.playground.scenarios import saving

    def story(step: Any) -> None:
        with step("the only step"):
            pass
        step.claim("nobody listens", step.listening, expected=False)

    monkeypatch.setattr(saving, "save_user", story)
    answer = story_cli("scenario", "save-user", "--compare")
    assert answer.code == 1
    assert "listening: nobody listens: saw True, not False" in answer.out
    assert "only watching: nobody" not in answer.out


@pytest.mark.parametrize("run", [1, 2, 3])
def test_interrupted_it_shows_what_was_complete(
    run: int, story_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in any of the runs of a scenario leaves what was compared before it."""
    from sigexplorer.playground.scenarios import saving

    runs = []

    def story(step: Any) -> None:
        with step("the only step"):
            runs.append(step)
            if len(runs) == run:
                raise KeyboardInterrupt

    monkeypatch.setattr(saving, "save_user", story)
    answer = story_cli("scenario", "listening", "save-user", "--compare")
    assert answer.code == 130
    assert "scenario listening" in answer.out
    assert "save-user" not in answer.out
    assert "interrupted" in answer.err


def test_interrupted_before_anything_was_complete_it_says_nothing(
    story_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the first scenario, or before it, is just the exit code."""
    from sigexplorer.playground.databases import IN_MEMORY

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(IN_MEMORY, "reset", interrupted)
    for command in (["--compare"], []):
        answer = story_cli("scenario", "listening", *command)
        assert (answer.code, answer.out) == (130, "")


def test_interrupted_between_two_stories_the_first_is_shown(
    story_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while tables are emptied for the next story leaves the one before it."""
    from sigexplorer.playground.databases import IN_MEMORY

    reset, times = IN_MEMORY.reset, []

    def interrupted() -> None:
        times.append(1)
        if len(times) == 2:
            raise KeyboardInterrupt
        reset()

    monkeypatch.setattr(IN_MEMORY, "reset", interrupted)
    answer = story_cli("scenario", "save-user", "listening")
    assert answer.code == 130
    assert "save a new user" in answer.out
    assert "interrupted" in answer.err


@pytest.mark.parametrize("command", [[], ["--compare"]])
def test_a_lost_server_is_no_claim_that_failed(
    command: list[str], story_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ran before is shown, and one line says why the others were not tried; without any, only that."""
    from sigexplorer.playground.databases import IN_MEMORY

    reset, times = IN_MEMORY.reset, [0]

    def lost() -> None:
        times[0] += 1
        if times[0] > (4 if command else 2):
            raise DatabaseUrlError("the server is gone")
        reset()

    monkeypatch.setattr(IN_MEMORY, "reset", lost)
    answer = story_cli("scenario", "save-user", "listening", "rollback", *command)
    untried = 2 if command else 1
    assert answer.code == 2
    assert "FAILED" not in answer.out
    assert "save" in answer.out
    told = f"the server is gone; {plural(untried, 'run')} {'were' if command else 'was'} not tried"
    assert answer.err.count(told) == 1
    times[0] = 3
    answer = story_cli("scenario", "save-user", *command)
    assert (answer.code, answer.out, answer.err) == (2, "", "sigexplorer: the server is gone\n")


MEASURED = {
    # step: signals and statements that one receiver adds
    "pre_delete": {
        "delete one comment": (2, 2),
        "remove one of them": (2, 1),
        "add two groups to a user": (0, 0),
    },
    "post_delete": {"delete one comment": (2, 2), "remove one of them": (2, 1)},
    "m2m_changed": {"delete one comment": (0, 0), "add two groups to a user": (2, 1)},
}


@pytest.mark.parametrize("name", MEASURED)
def test_docs_measures_what_a_receiver_changes(name: str, story_cli: Cli, valid: Valid) -> None:
    """With --live the page of a signal that Django asks about says what one receiver adds, step by step."""
    (record,) = valid(story_cli("docs", name, "--live", "-f", "json").out, "inventory")["docs"]
    added = {
        each["title"]: tuple(each["listening"][kind] - each["watching"][kind] for kind in ("signals", "sql"))
        for each in record["listening"]
    }
    for title, numbers in MEASURED[name].items():
        assert added[title] == numbers
    assert added["save a post"] == (0, 0)
    out = story_cli("docs", name, "--live").out
    assert f"What a receiver of {name} changes by being connected" in out
    for title, numbers in (MEASURED[name] | {"save a post": (0, 0)}).items():
        assert bool(re.search(rf"^{title} +\d+ +\d+ +\d+ +\d+", out, re.MULTILINE)) == any(numbers)
    assert re.search(r"^the same either way: .*save a post$", out, re.MULTILINE)


def test_nothing_is_measured_where_django_does_not_ask(story_cli: Cli, valid: Valid) -> None:
    """The page of another signal has its example and no such table, and no page has it unasked."""
    (record,) = valid(story_cli("docs", "post_save", "--live", "-f", "json").out, "inventory")["docs"]
    assert "live" in record
    assert "listening" not in record
    (record,) = valid(story_cli("docs", "pre_delete", "-f", "json").out, "inventory")["docs"]
    assert "listening" not in record
