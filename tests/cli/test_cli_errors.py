"""Questions that are wrong: exit 2, one line on stderr, nothing on stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from forks import forked
from processes import Answer

from sigexplorer.catalog import GROUPS, PAGES
from sigexplorer.catalog.installed import django_version
from sigexplorer.playground.scenarios import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Cli

NAMES = [page.name for page in PAGES]
PATHS = [page.path for page in PAGES]
SCENARIO_NAMES = [scenario.name for scenario in SCENARIOS]


def said(answer: Answer) -> str:
    """Return the one line of a question that was wrong."""
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert answer.err.endswith("\n")
    assert answer.err.startswith("sigexplorer: ")
    return answer.err


def named(line: str, names: list[str]) -> list[str]:
    """Return which of ``names`` the hint of a line names."""
    hint = line.partition("nearest: ")[2].strip().rstrip(")")
    found = hint.split(", ")
    assert set(found) <= set(names)
    return found


@pytest.mark.parametrize("command", [["docs"], ["trigger"], ["trigger", "post_save"]])
@pytest.mark.parametrize(
    ("name", "nearest"),
    [("post_sav", "post_save"), ("user_logedin", "user_logged_in"), ("POST_SAVE", "post_save"), ("zzz", "")],
)
def test_an_unknown_signal_names_the_nearest_three(
    command: list[str], name: str, nearest: str, cli: Cli
) -> None:
    """A signal that does not exist is answered with three that are spelled like it, the nearest first."""
    found = named(said(cli(*command, name)), NAMES)
    assert len(found) == 3
    assert found[0] == (nearest or found[0])


def test_an_unknown_path_names_paths(cli: Cli) -> None:
    """A dotted path that does not exist is answered with dotted paths."""
    found = named(said(cli("docs", "django.db.models.signal.post_save")), PATHS)
    assert found[0] == "django.db.models.signals.post_save"
    assert len(found) == 3


def test_an_unknown_scenario_names_the_nearest_three(cli: Cli) -> None:
    """A scenario that does not exist is answered with three that do, also when others before it exist."""
    for arguments in (["login"], ["save-user", "login_flow"]):
        found = named(said(cli("scenario", *arguments)), SCENARIO_NAMES)
        assert found[0] == "login-flow"
        assert len(found) == 3


@pytest.mark.parametrize("pattern", ["%sav", "sav_e", "nope*", "%"])
def test_an_unknown_pattern_names_the_nearest_three(pattern: str, story_cli: Cli) -> None:
    """A pattern of list that means nothing is answered with three signals or groups."""
    known = [*NAMES, *GROUPS, *(f"%{group}" for group in GROUPS)]
    assert len(named(said(story_cli("list", pattern)), known)) == 3


@pytest.mark.parametrize("command", [["trigger", "pre_init"], ["scenario", "save-user"]])
def test_an_unknown_group_in_a_filter_names_the_nearest_three(command: list[str], story_cli: Cli) -> None:
    """A group of -e that does not exist is answered with three that do."""
    groups = [f"%{group}" for group in GROUPS]
    assert named(said(story_cli(*command, "-e", "%sav")), groups)[0] == "%save"


@pytest.mark.parametrize("command", [["trigger", "pre_init"], ["scenario", "save-user"]])
@pytest.mark.parametrize("format_name", ["table", "json", "jsonl", "svg"])
def test_an_unknown_signal_in_a_filter_names_the_nearest_three(
    command: list[str], format_name: str, story_cli: Cli
) -> None:
    """A name of -e that is no signal is an error in every format, and never an empty answer."""
    found = named(said(story_cli(*command, "-e", "post_sav", "-f", format_name)), NAMES)
    assert found[0] == "post_save"
    assert len(found) == 3


@pytest.mark.parametrize("command", [["list"], ["docs"], ["docs", "post_save"], ["scenario"]])
def test_an_unknown_format_of_an_inventory(command: list[str], story_cli: Cli) -> None:
    """A format that does not exist is answered with those that do."""
    line = said(story_cli(*command, "-f", "jsn"))
    assert "'jsn'" in line
    for known in ("json", "markdown", "svg", "table"):
        assert known in line


@pytest.mark.parametrize("command", [["trigger", "pre_init"], ["scenario", "save-user"]])
def test_an_unknown_format_of_a_trace(
    command: list[str], story_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A format that does not exist is refused before anything runs."""
    from sigexplorer.playground import runs

    monkeypatch.setattr(runs, "_run", lambda *_arguments, **_named: pytest.fail("it ran"))
    line = said(story_cli(*command, "-f", "jsn"))
    assert "'jsn'" in line
    assert "json" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["lst"],
        ["--lsit"],
        ["list", "--bogus"],
        ["list", "-f"],
        ["list", "one", "two"],
        ["docs", "one", "two"],
        ["docs", "--search"],
        ["docs", "--live"],
        ["docs", "--live", "--search", "x"],
        ["trigger"],
        ["trigger", "--all", "post_save"],
        ["scenario", "--all", "save-user"],
        ["scenario", "save-user", "-s", "0"],
        ["scenario", "save-user", "-s", "many"],
        ["scenario", "save-user", "--depth", "0"],
        ["scenario", "save-user", "--depth", "deep"],
        ["scenario", "save-user", "--min", "soon"],
        ["scenario", "save-user", "-e", "!"],
        ["scenario", "save-user", "--listen", "--no-lisen"],
        ["list", "--pythonpath"],
        ["list", "--pythonpath", ""],
        ["list", "-o", ""],
        ["scenario", "save-user", "-S", "!blog.Post"],
        ["scenario", "save-user", "-R", "!*.reindex"],
        ["trace", "-o", "", "--", "-c", "pass"],
        ["trace", "-S", "!blog.Post", "--", "-c", "pass"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_line(arguments: list[str], story_cli: Cli) -> None:
    """Whatever is wrong with the words of a command is said in one line."""
    line = said(story_cli(*arguments))
    assert len(line) < 300
    assert "'.'" not in line  # which nobody has typed


def test_an_unknown_command_names_one_like_it(cli: Cli) -> None:
    """A command or an option that is nearly right is answered with the one that was meant."""
    assert "list" in said(cli("lst"))
    assert "--format" in said(cli("list", "--formt", "json"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["trigger", "task_started"],
        ["trigger", "post_save", "task_enqueued"],
        ["docs", "task_finished", "--live"],
        ["scenario", "task"],
        ["scenario", "save-user", "task"],
    ],
    ids=" ".join,
)
def test_what_needs_a_newer_django_says_which(
    arguments: list[str], story_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the installed Django cannot do is exit 2 that names the version that can, before anything runs."""
    if django_version() >= (6, 0):
        assert story_cli(*arguments).code == 0
        return
    from sigexplorer.playground import runs

    monkeypatch.setattr(runs, "_run", lambda *_arguments, **_named: pytest.fail("it ran"))
    line = said(story_cli(*arguments))
    assert "6.0" in line
    assert "5.2" in line


def test_texts_of_an_error_are_only_texts(hostile_text: str, story_cli: Cli) -> None:
    """Whatever was typed is repeated harmlessly, in one line that is not endless."""
    for arguments in (
        ["docs"],
        ["trigger"],
        ["scenario"],
        ["docs", "-f"],
        ["list"],
        ["bogus", "-o"],
    ):
        line = said(story_cli(*arguments, hostile_text[:100_000]))  # longer ones no system passes on
        assert line[:-1].isprintable()
        assert len(line) < 3_000


def test_settings_of_the_user_that_are_broken_are_said(tmp_path: Path) -> None:
    """List --settings with a project that cannot start says why in one line."""
    (tmp_path / "broken.py").write_text("raise RuntimeError('two\\nlines \\x1b[31m')\n")
    for name in ("broken", "missing", ""):
        line = said(forked("list", "--settings", name, "--pythonpath", str(tmp_path), cwd=tmp_path))
        assert "\x1b" not in line


def test_a_fault_of_ours_is_one_line_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody foresaw is one line as well; --debug shows its traceback."""
    from sigexplorer.cli.run import run
    from sigexplorer.show import pages

    def fault(*_arguments: object, **_named: object) -> None:
        raise ZeroDivisionError("two\nlines \x1b[31m")

    monkeypatch.setattr(pages, "contents", fault)
    assert run(["docs"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "ZeroDivisionError" in err
    assert "\x1b" not in err
    assert "sigexplorer --debug …" in err
    assert run(["docs", "--debug"]) == 2
    assert "--debug comes first" in capsys.readouterr().err
    assert run(["--debug", "docs"]) == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err
