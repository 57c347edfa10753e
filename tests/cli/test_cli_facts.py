"""What is proven of Django: listed, looked up, and proven on demand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from processes import is_svg

from sigexplorer.catalog import PAGES, Page, facts
from sigexplorer.catalog.installed import django_version
from sigexplorer.cli.facts import complete_fact

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Cli

    Valid = Callable[[str, str], Any]

VERSION = django_version()
HERE = [fact for fact in facts.FACTS if fact.exists_in(VERSION)]


def test_docs_lists_the_facts(cli: Cli, valid: Valid) -> None:
    """Every fact is listed with what it says in the installed Django and the scenario that proves it."""
    out = cli("docs", "--facts").out
    assert f"{len(facts.FACTS)} facts" in out
    for fact in facts.FACTS:
        assert re.search(rf"^{fact.id}\b.*{re.escape(fact.statement)}.*{fact.scenario}", out, re.MULTILINE)
        assert fact.outcome_in(VERSION) in out
    records = valid(cli("docs", "--facts", "-f", "json").out, "inventory")["facts"]
    assert [record["id"] for record in records] == [fact.id for fact in facts.FACTS]
    assert [record["exists"] for record in records] == [fact.exists_in(VERSION) for fact in facts.FACTS]
    assert cli("docs", "--facts", "-f", "markdown").out.count("\n| ") == len(facts.FACTS) + 2
    assert is_svg(cli("docs", "--facts", "-f", "svg").out)


def test_facts_are_searched(cli: Cli, valid: Valid) -> None:
    """--search leaves the facts that mention a text, a name those of a signal, both what is left of both."""
    found = valid(cli("docs", "--facts", "--search", "WEAK", "-f", "json").out, "inventory")["facts"]
    assert {"weak-local", "weak-lambda"} <= {record["id"] for record in found}
    assert len(found) < len(facts.FACTS)
    found = valid(cli("docs", "pre_delete", "--facts", "-f", "json").out, "inventory")["facts"]
    assert [record["id"] for record in found] == [fact.id for fact in facts.concerning("pre_delete")]
    out = cli("docs", "pre_delete", "--facts", "--search", "cascade").out
    assert "fast-delete-cascade" in out
    assert "set-null" not in out
    answer = cli("docs", "--facts", "--search", "zebra[red]")
    assert (answer.code, answer.out.splitlines()[0]) == (0, "0 facts")
    assert "no fact has 'zebra[red]' in it" in answer.err


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_docs_of_a_signal_show_its_facts(page: Page, cli: Cli, valid: Valid) -> None:
    """A page shows what is proven of its signal, each with the id to prove it by, and what is of all."""
    out = cli("docs", page.name).out
    for fact in facts.concerning(page.name):
        assert (f"{fact.id}: {fact.statement}." in out) == fact.exists_in(VERSION)
    assert "Of every signal: weak-local" in out
    assert "sigexplorer scenario --fact " in out
    (record,) = valid(cli("docs", page.name, "-f", "json").out, "inventory")["docs"]
    assert record["facts"] == [fact.id for fact in facts.concerning(page.name)]


def test_a_fact_is_proven_with_code_and_reason(story_cli: Cli, valid: Valid) -> None:
    """--fact shows what is stated, the code that ran, what happened, why, and the place in Django."""
    answer = story_cli("scenario", "--fact", "weak-local")
    fact = facts.find("weak-local")
    assert answer.code == 0
    parts = [
        f"weak-local: {fact.statement}.",
        "def set_up() -> None:",
        "order_placed.connect(write_bill)",
        "unheard",
        "held    it is gone",
        "[weak-local]",
        "Why",
        fact.why.partition(".")[0],
        "Signal.connect",
    ]
    places = [answer.out.index(part) for part in parts]
    assert places == sorted(places)
    assert "FAILED" not in answer.out
    assert "weak-lambda" not in answer.out
    assert "sigexplorer scenario weak-references" in answer.err
    trace = valid(story_cli("scenario", "--fact", "weak-local", "-f", "json").out, "trace")
    assert trace["run"]["title"] == "fact weak-local"
    assert {claim["fact"] for claim in trace["claims"]} == {"weak-local"}
    assert {record["step"] for record in trace["dispatches"]} <= {step["id"] for step in trace["steps"]}
    assert all(step["source"] for step in trace["steps"])


def test_what_a_step_enters_is_part_of_its_code(story_cli: Cli) -> None:
    """Beside the body of a step stands what its with statement connects, as it is written."""
    out = story_cli("scenario", "--fact", "lazy-sender").out
    assert 'with connected(post_save, hear, sender="blog.Tag"):\n    Tag.objects.create(' in out


def test_a_fact_is_proven_only_watching_too(story_cli: Cli, valid: Valid) -> None:
    """--no-listen holds for facts as for scenarios: what only happens unheard is shown in both."""
    for mode in ("--listen", "--no-listen"):
        trace = valid(story_cli("scenario", "--fact", "fast-delete", mode, "-f", "json").out, "trace")
        assert trace["run"]["listened"] == (mode == "--listen")
        assert {bypass["operation"] for bypass in trace["bypasses"]} == {"fast_delete"}
        assert all(claim["held"] for claim in trace["claims"])


def test_what_other_versions_do_is_said(story_cli: Cli) -> None:
    """A fact that depends on the version tells of this one first, and of the others below."""
    out = story_cli("scenario", "--fact", "async-cancel").out
    fact = facts.find("async-cancel")
    stated, _, below = out.partition("Other versions of Django")
    assert fact.outcome_in(VERSION) in stated
    other = (6, 1) if VERSION < (6, 1) else (5, 2)
    assert fact.outcome_in(other) in below
    assert ("from 6.1 on" in below) == (VERSION < (6, 1))


def test_a_fact_that_is_false_fails_and_the_next_is_proven(
    story_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not hold is shown with what was seen instead and exit code 1; the others go on."""
    from sigexplorer.playground.steps import Steps

    monkeypatch.setattr(Steps, "django", (6, 1) if VERSION < (6, 1) else (5, 2))
    answer = story_cli("scenario", "--fact", "async-context", "--fact", "uid")
    assert answer.code == 1
    assert "FAILED" in answer.out
    assert re.search(r"saw .*, not ", answer.out)
    assert answer.out.index("FAILED") < answer.out.index("[uid]")
    assert "1 of 2 runs held" in answer.out


def test_all_scenarios_tell_of_facts_that_do_not_hold(
    story_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--all counts the facts that held, and names those that were not tried."""
    from sigexplorer.playground.scenarios import through

    def broken(_step: object) -> None:
        raise LookupError("no such thing")

    monkeypatch.setattr(through, "_symmetrical", broken)
    answer = story_cli("scenario", "--all")
    assert answer.code == 1
    assert f"{len(HERE) - 1} of {len(HERE)} facts held" in answer.out
    assert "1 not tried, and so not proven: m2m-symmetrical." in answer.out
    assert "LookupError: no such thing" in answer.out


@pytest.mark.parametrize("name", ["rollback", "migrate"])
def test_a_scenario_may_have_the_name_of_a_fact(name: str, story_cli: Cli) -> None:
    """Then the scenario runs."""
    assert facts.exists(name)
    assert story_cli("scenario", name).out.startswith(f"scenario {name}\n")


def test_several_scenarios_do_not_count_facts(story_cli: Cli) -> None:
    """Who runs some scenarios is not told that most facts were not tried."""
    assert "facts held" not in story_cli("scenario", "senders", "order").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scenario", "--fact", "weak-locl"], "unknown fact 'weak-locl'"),
        (["scenario", "--fact", ""], "unknown fact ''"),
        (["scenario", "--fact", "\x1b[31m[red]"], "unknown fact"),
        (["scenario", "save-user", "--fact", "uid"], "name scenarios or a --fact but not both"),
        (["scenario", "--all", "--fact", "uid"], "name scenarios or a --fact but not both"),
        (["scenario", "--compare", "--fact", "uid"], "sigexplorer scenario connecting --compare"),
        (["docs", "--facts", "--live"], "--live shows a signal"),
        (["docs", "--facts", "--search", " "], "--search needs a text"),
        (["docs", "--facts", "-f", "csv"], "unknown format 'csv'"),
        (["docs", "post_sav", "--facts"], "unknown signal 'post_sav'"),
        (["docs", "weak-local"], "'weak-local' is a fact (sigexplorer scenario --fact weak-local proves it)"),
        (["docs", "uid", "--live"], "sigexplorer scenario --fact uid proves it"),
        (["scenario", "order", "uid"], "'uid' is a fact (sigexplorer scenario --fact uid proves it)"),
    ],
)
def test_wrong_questions_are_one_line(arguments: list[str], said: str, cli: Cli) -> None:
    """What cannot be meant is exit code 2, and one line on stderr."""
    answer = cli(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert said in answer.err
    assert "\x1b" not in answer.err


def test_an_unknown_fact_names_three(cli: Cli) -> None:
    """The hint has the three facts that are spelled most like it."""
    nearest = cli("scenario", "--fact", "fast-delet").err.partition("nearest: ")[2].strip().rstrip(")")
    assert len(nearest.split(", ")) == 3
    assert nearest.startswith("fast-delete")


@pytest.mark.parametrize("name", ["db-cascade", "tasks"])
def test_a_fact_of_a_newer_django_says_so(name: str, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this Django lacks cannot be proven with it: one line tells what it says, and what it needs."""
    monkeypatch.setattr("sigexplorer.catalog.installed.django_version", lambda: (5, 2))
    answer = cli("scenario", "--fact", "weak-local", "--fact", name)
    fact = facts.find(name)
    assert (answer.code, answer.out, len(answer.err.splitlines())) == (2, "", 1)
    assert f"'{name}' needs Django {fact.added[0]}.{fact.added[1]}, and is not proven with 5.2" in answer.err
    assert fact.statement in answer.err


def test_every_fact_states_its_versions(cli: Cli, story_cli: Cli) -> None:
    """The list says of each fact in which Djangos it is so, and so does its proof."""
    out = cli("docs", "--facts").out
    for fact in facts.FACTS:
        (line,) = re.findall(rf"^{fact.id} .*", out, re.MULTILINE)
        wanted = {"db-cascade": "from 6.1", "tasks": "from 6.0"}.get(fact.id, "5.2 to 6.1")
        assert line.removesuffix(fact.scenario).rstrip().endswith("differs" if fact.outcomes else wanted)
    assert "Django 5.2 to 6.1, the same in each." in story_cli("scenario", "--fact", "uid").out


def test_facts_are_completed(cli: Cli) -> None:
    """The shell offers the facts that begin like what is typed, and the option is in the help."""
    assert complete_fact("weak-") == ["weak-local", "weak-lambda"]
    assert complete_fact("zzz") == []
    assert "--fact" in cli("scenario", "--help").out
    assert "--facts" in cli("docs", "--help").out


@pytest.mark.parametrize(
    ("fact", "signal"), [("init-state", "post_init"), ("historical-class", "class_prepared")]
)
def test_what_a_fact_is_about_is_not_folded(fact: str, signal: str, story_cli: Cli) -> None:
    """The rows of an init signal, or of class_prepared, are shown where they are what proves a fact."""
    answer = story_cli("scenario", "--fact", fact)
    assert answer.code == 0
    assert re.search(rf"^ *\d+ .* {signal} ", answer.out, re.MULTILINE)
    assert not re.search(rf"^folded: .*{signal}", answer.out, re.MULTILINE)
