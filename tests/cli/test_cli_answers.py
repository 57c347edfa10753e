"""What trigger and scenario answer, in every format."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from processes import is_svg

from sigexplorer.catalog import PAGES, Page, facts
from sigexplorer.catalog.installed import django_version
from sigexplorer.playground.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Cli

    Valid = Callable[[str, str], Any]

VERSION = django_version()
HERE = [page for page in PAGES if page.exists_in(VERSION)]
LATER = [page for page in PAGES if not page.exists_in(VERSION)]


# trigger


def test_trigger_shows_the_signal(story_cli: Cli) -> None:
    """The timeline has the asked-for signal, marked, and the next command goes to stderr."""
    answer = story_cli("trigger", "pre_init")
    assert answer.code == 0
    assert "> pre_init" in answer.out
    assert "sigexplorer docs pre_init" in answer.err
    assert "next" not in answer.out


def test_trigger_takes_several_names(story_cli: Cli, valid: Valid) -> None:
    """Several signals run one after the other, each once, with a closing table."""
    answer = story_cli("trigger", "post_save", "django.db.models.signals.m2m_changed", "post_save")
    assert answer.code == 0
    assert answer.out.count("trigger post_save\n") == 1
    assert answer.out.index("trigger post_save") < answer.out.index("trigger m2m_changed")
    assert "2 of 2 runs held" in answer.out
    document = valid(story_cli("trigger", "post_save", "m2m_changed", "-f", "json").out, "trace")
    assert document["schema"] == "sigexplorer.traces/1"
    assert [trace["run"]["title"] for trace in document["traces"]] == [
        "trigger post_save",
        "trigger m2m_changed",
    ]


@pytest.mark.parametrize("page", HERE, ids=lambda page: page.name)
def test_trigger_as_json(page: Page, story_cli: Cli, valid: Valid) -> None:
    """The JSON of a trigger is a trace, valid, with a dispatch of its signal and its claim held."""
    answer = story_cli("trigger", page.path, "-f", "json")
    assert (answer.code, answer.err) == (0, "")
    document = valid(answer.out, "trace")
    assert page.path in {dispatch["signal"] for dispatch in document["dispatches"]}
    assert [claim["held"] for claim in document["claims"]] == [True]
    assert document["run"]["listened"] is True


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["%save"], ["pre_save", "post_save"]),
        (["user_log*_in", "*_delete"], ["user_logged_in", "pre_delete", "post_delete"]),
        (["post_save", "%save"], ["post_save", "pre_save"]),
    ],
)
def test_trigger_takes_patterns(patterns: list[str], names: list[str], story_cli: Cli, valid: Valid) -> None:
    """A glob or a group means its signals, each of which runs once."""
    traces = valid(story_cli("trigger", *patterns, "-f", "json").out, "trace")["traces"]
    assert [trace["run"]["title"] for trace in traces] == [f"trigger {name}" for name in names]


def is_marked(out: str) -> bool:
    """Tell whether signals of a newer Django, and only those, are shown as such in an answer."""
    for page in LATER:
        (line,) = [line for line in out.splitlines() if re.search(rf"\b{page.name}\b", line)]
        assert "from 6.0" in line
    for page in HERE:
        lines = [line for line in out.splitlines() if re.match(rf" *{page.name}\b", line)]
        assert lines
        assert not any("from 6.0" in line for line in lines)
    return True


def test_trigger_all(story_cli: Cli, valid: Valid) -> None:
    """--all runs every signal of the installed Django and ends in one table, which names the later ones."""
    answer = story_cli("trigger", "--all")
    assert answer.code == 0
    assert f"{len(HERE)} of {len(HERE)} runs held" in answer.out
    assert "\x1b" not in answer.out + answer.err
    assert is_marked(answer.out)
    traces = valid(story_cli("trigger", "--all", "-f", "json").out, "trace")["traces"]
    assert [trace["run"]["title"] for trace in traces] == [f"trigger {page.name}" for page in HERE]


def test_trigger_all_verbose_shows_the_timelines(story_cli: Cli) -> None:
    """--all -v shows each timeline before the table."""
    out = story_cli("trigger", "--all", "-v").out
    for page in HERE:
        assert f"trigger {page.name}\n" in out


def test_trigger_source(story_cli: Cli) -> None:
    """--source shows the code that made Django send it."""
    assert "def save_a_post(step: Steps)" in story_cli("trigger", "post_save", "--source").out
    assert "def save_a_post(step: Steps)" not in story_cli("trigger", "post_save").out


def test_trigger_only_watching(story_cli: Cli, valid: Valid) -> None:
    """--no-listen connects nothing, and the trace says so."""
    document = valid(story_cli("trigger", "post_save", "--no-listen", "-f", "json").out, "trace")
    assert document["run"]["listened"] is False
    assert "watching" in story_cli("trigger", "post_save", "--no-listen").out


# scenario


def test_scenario_lists(cli: Cli, valid: Valid) -> None:
    """Without a name every scenario is listed with what happens in it, also as JSON and Markdown."""
    answer = cli("scenario")
    records = valid(cli("scenario", "-f", "json").out, "inventory")["scenarios"]
    assert [record["name"] for record in records] == [scenario.name for scenario in SCENARIOS]
    for scenario in SCENARIOS:
        assert re.search(rf"^{scenario.name}\b.*{re.escape(scenario.summary)}", answer.out, re.MULTILINE)
    assert ("task (from 6.0)" in answer.out) == (VERSION < (6, 0))
    assert {record["name"]: record["added"] for record in records}["task"] == "6.0"
    assert cli("scenario", "-f", "markdown").out.count("\n| ") == len(SCENARIOS) + 2
    assert is_svg(cli("scenario", "-f", "svg").out)


def test_scenario_shows_steps_signals_and_claims(story_cli: Cli) -> None:
    """A scenario shows its steps in order, what each sent, and every claim."""
    answer = story_cli("scenario", "login-flow")
    assert answer.code == 0
    places = [answer.out.index(text) for text in ("sign up", "mistype the password", "log in  ", "log out")]
    assert places == sorted(places)
    for name in ("user_login_failed", "user_logged_in", "user_logged_out", "blog.receivers.create_profile"):
        assert name in answer.out
    assert answer.out.count("held  ") == 10
    assert "FAILED" not in answer.out
    assert "sigexplorer scenario failed-login" in answer.err


def test_scenario_as_json(story_cli: Cli, valid: Valid) -> None:
    """The JSON of a scenario is one trace; of several, or --all, a document of traces."""
    one = valid(story_cli("scenario", "save-user", "-f", "json").out, "trace")
    assert one["schema"] == "sigexplorer.trace/1"
    assert one["run"]["title"] == "scenario save-user"
    several = valid(story_cli("scenario", "save-user", "rollback", "-f", "json").out, "trace")
    assert [trace["run"]["title"] for trace in several["traces"]] == [
        "scenario save-user",
        "scenario rollback",
    ]


def test_scenario_as_lines(story_cli: Cli, valid: Valid) -> None:
    """The lines of a scenario are its records: first the run, last the end, all of them valid."""
    lines = story_cli("scenario", "save-user", "-f", "jsonl").out.splitlines()
    records = [valid(line, "trace") for line in lines]
    assert (records[0]["type"], records[-1]["type"]) == ("run", "end")
    assert records[0]["schema"] == "sigexplorer.trace/1"
    kinds = [record["type"] for record in records]
    assert kinds.count("dispatch") == records[-1]["summary"]["dispatches"]
    assert kinds.count("step") == 2
    assert kinds.count("claim") == 7


def test_lines_of_several_scenarios_begin_and_end_each(story_cli: Cli, valid: Valid) -> None:
    """The lines of several runs are those of each, one after the other."""
    lines = story_cli("scenario", "save-user", "request", "-f", "jsonl").out.splitlines()
    kinds = [valid(line, "trace")["type"] for line in lines]
    assert kinds.count("run") == kinds.count("end") == 2
    assert kinds[kinds.index("end") + 1] == "run"


def test_machine_output_is_not_folded(story_cli: Cli, valid: Valid) -> None:
    """JSON has every dispatch; folding belongs to views."""
    names = [
        record["name"]
        for record in valid(story_cli("scenario", "save-user", "-f", "json").out, "trace")["dispatches"]
    ]
    assert names.count("pre_init") == names.count("post_init") == 2
    assert "pre_init" not in story_cli("scenario", "save-user").out.partition("save a new user")[2]


def test_scenario_all(story_cli: Cli) -> None:
    """--all runs every scenario of this Django, and each claim holds; it ends with the facts that held."""
    answer = story_cli("scenario", "--all")
    count = sum(scenario.added <= VERSION for scenario in SCENARIOS)
    assert answer.code == 0
    assert f"{count} of {count} runs held" in answer.out
    for scenario in SCENARIOS:
        assert re.search(rf"^{scenario.name} ", answer.out, re.MULTILINE)
    if VERSION < (6, 0):
        assert re.search(r"^task +from 6\.0", answer.out, re.MULTILINE)
    proven = [fact for fact in facts.FACTS if fact.exists_in(VERSION)]
    end = answer.out.rstrip().splitlines()[-1]
    assert end.startswith(f"{len(proven)} of {len(proven)} facts held")
    later = end.partition("of a newer Django: ")[2]
    assert later == ", ".join(fact.id for fact in facts.FACTS if fact not in proven)


def test_scenario_source(story_cli: Cli, valid: Valid) -> None:
    """--source shows the code of each step under its heading, and has it in JSON."""
    out = story_cli("scenario", "save-user", "--source").out
    assert out.index("save a new user") < out.index("User.objects.create_user(") < out.index("save it again")
    assert out.index("save it again") < out.index("user.save()")
    steps = valid(story_cli("scenario", "save-user", "--source", "-f", "json").out, "trace")["steps"]
    assert "user.save()" in steps[1]["source"]
    plain = valid(story_cli("scenario", "save-user", "-f", "json").out, "trace")["steps"]
    assert [step.get("source") for step in plain] == [None, None]


def test_filters_narrow_every_format(story_cli: Cli, valid: Valid) -> None:
    """-e, -S, -R, -Z, --min and --depth mean the same for a timeline, for JSON and for lines."""
    for arguments, count in (
        (["-e", "post_save"], 3),
        (["-e", "%save", "-S", "auth.*"], 4),
        (["-R", "blog.*"], 2),
        (["-Z"], 0),
        (["--min", "10s"], 0),
        (["--depth", "1", "-e", "%save"], 4),
        (["-e", "!%init,!%save"], 0),
    ):
        document = valid(story_cli("scenario", "save-user", *arguments, "-f", "json").out, "trace")
        assert len(document["dispatches"]) == document["summary"]["dispatches"] == count, arguments
        lines = story_cli("scenario", "save-user", *arguments, "-f", "jsonl").out.splitlines()
        assert sum(json.loads(line)["type"] == "dispatch" for line in lines) == count
        out = story_cli("scenario", "save-user", *arguments, "-v").out
        assert len(re.findall(r"^ *\d+ +\d+\.\d\d ", out, re.MULTILINE)) == count


def test_a_filter_may_name_what_one_of_several_sends(story_cli: Cli) -> None:
    """A signal of the project's own, sent by one scenario of several, can be asked for."""
    answer = story_cli("scenario", "save-user", "receiver-error", "-e", "order_placed")
    assert (answer.code, answer.err.count("unknown")) == (0, 0)
    assert "order_placed" in answer.out


@pytest.mark.parametrize("pattern", ["pre_init", "%init", "*_init", "django.db.models.signals.*"])
def test_a_filter_for_noise_unfolds_it(pattern: str, story_cli: Cli) -> None:
    """Who asks for init signals sees them."""
    out = story_cli("scenario", "save-user", "-e", pattern).out
    assert re.search(r"^ *\d+ +\d+\.\d\d +pre_init\b", out, re.MULTILINE)


@pytest.mark.parametrize("command", [["trigger", "post_save"], ["scenario", "save-user"]])
def test_traces_as_pictures(command: list[str], story_cli: Cli) -> None:
    """A timeline is also a picture that every reader of XML can read."""
    text = story_cli(*command, "-f", "svg").out
    assert is_svg(text)
    assert "post_save" in text


@pytest.mark.parametrize("command", [["trigger", "post_save"], ["scenario", "save-user"]])
@pytest.mark.parametrize(
    "format_name",
    ["tree", "summary", "coverage", "sequence", "chrome", "otlp", "mermaid", "markdown", "csv"],
)
def test_every_format_of_the_contract_is_an_answer(
    command: list[str], format_name: str, story_cli: Cli
) -> None:
    """A trace is shown in every view and written in every format, on stdout alone."""
    answer = story_cli(*command, "-f", format_name)
    assert (answer.code, answer.err) == (0, "")
    assert "post_save" in answer.out.replace("\\", "")


@pytest.mark.parametrize("command", [["trigger", "post_save"], ["scenario", "save-user"]])
def test_a_format_of_inventories_is_none_of_traces(command: list[str], story_cli: Cli) -> None:
    """``lines`` is for lists: exit 2, one line, before anything runs."""
    answer = story_cli(*command, "-f", "lines")
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)


def test_c_is_the_summary(story_cli: Cli) -> None:
    """-c is -f summary, and cannot go with another format, named or said by a suffix."""
    answer = story_cli("scenario", "save-user", "-c")
    assert "slowest" in answer.out
    for other in (["-f", "json"], ["-o", "no.jsonl"]):
        wrong = story_cli("scenario", "save-user", "-c", *other)
        assert (wrong.code, wrong.out, wrong.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("command", ["list", "docs"])
def test_later_signals_are_marked(command: str, cli: Cli) -> None:
    """Signals of a newer Django are shown as such in the list and in docs."""
    assert is_marked(cli(command).out)


def test_commands_explain_themselves(cli: Cli) -> None:
    """--help of every command, --version, and no command at all are answers."""
    for name in ("list", "docs", "trigger", "scenario"):
        answer = cli(name, "--help")
        assert answer.code == 0
        assert "--format" in answer.out
        assert name in cli().out
    assert re.fullmatch(r"sigexplorer \d\S*\n", cli("--version").out)
    assert cli("-h").code == 0
