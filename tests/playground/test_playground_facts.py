"""The facts: every one is claimed by the scenario that proves it, and says where it comes from."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stories import SCENARIOS, VERSION, Story, played

from sigexplorer import catalog
from sigexplorer.catalog import facts
from sigexplorer.catalog.installed import django_root
from sigexplorer.errors import UnknownNameError
from sigexplorer.playground import scenarios

if TYPE_CHECKING:
    from sigexplorer.catalog.fact import Fact

HERE = [fact for fact in facts.FACTS if fact.exists_in(VERSION)]
VERSIONS = ((5, 2), (6, 0), (6, 1))

#: What surprises people, as it was collected before there were scenarios for it.
COLLECTED = """
    weak-local weak-lambda rebind decorator-order dup uid two-names kwargs-debug signal-kwarg generator
    providing-args disconnect lazy-sender lazy-typo str-sender appconfig-sender sender-none-order
    sender-id-reuse caching-sender send-stops robust robust-qualname responses snapshot reconnect-order
    async-order async-in-send sync-in-asend async-cancel async-context unhashable-sender captured-method
    proxy mti abstract deferred raw bulk f-expr get-or-create empty-update-fields pre-save-update-fields
    created cascade fast-delete fast-delete-cascade set-null delete-pk db-cascade rollback
    on-commit-autocommit delete-atomic recursion init-sources refresh init-state pre-init-kwargs copy-pickle
    m2m-seq m2m-pkset m2m-reverse m2m-through m2m-symmetrical m2m-delete m2m-form class-prepared
    class-prepared-registry historical-class historical-save migrate flush migrate-saves test-runner
    setting-changed setting-sender setting-receivers dead-receivers setting-exit-error template-rendered
    template-jinja connection-created connection-created-pool client-senders wsgi-close asgi-scope
    got-exception got-exception-mw got-exception-handler client-reraise login-failed login-not logout-anon
    last-login login-custom-sender test-isolation testcase-commit repr-sql isinstance-lazy tasks file-changed
""".split()  # noqa: SIM905 - shorter to read

each_fact = pytest.mark.parametrize("fact", facts.FACTS, ids=lambda fact: fact.id)
each_scenario = pytest.mark.parametrize("story", SCENARIOS, ids=lambda story: story.name)


def test_every_fact_that_was_collected_is_there() -> None:
    """The hundred facts are in the catalogue, each once, with others that were found on the way."""
    ids = [fact.id for fact in facts.FACTS]
    assert len(set(ids)) == len(ids)
    assert len(COLLECTED) == 100
    assert set(COLLECTED) <= set(ids)


@each_scenario
def test_a_scenario_proves_what_it_is_said_to(story: Story) -> None:
    """Each fact is claimed by its scenario and by no other, so that --fact shows every claim about it."""
    claimed = {claim.fact for claim in played(story).claims} - {None}
    assert claimed == {fact.id for fact in facts.proven_by(story.name) if fact.exists_in(VERSION)}


@each_fact
def test_a_fact_says_what_it_should(fact: Fact) -> None:
    """A statement is one sentence without its dot, a reason is whole sentences, and all names exist."""
    assert fact.statement[-1] not in ".:;"
    assert ". " not in fact.statement
    assert fact.why.endswith(".")
    scenario = scenarios.find(fact.scenario)
    assert scenario.added <= max(fact.added, (5, 2))
    assert set(fact.signals) <= {page.name for page in catalog.PAGES}
    assert len(set(fact.signals)) == len(fact.signals)
    assert fact.source
    for note in fact.outcomes:
        assert note.text.endswith(".")


@pytest.mark.parametrize("fact", [fact for fact in facts.FACTS if fact.outcomes], ids=lambda fact: fact.id)
def test_what_differs_is_said_of_every_version(fact: Fact) -> None:
    """A fact that depends on the version has one outcome in each, and not the same in all."""
    told = [[note for note in fact.outcomes if note.holds_in(version)] for version in VERSIONS]
    assert [len(notes) for notes in told] == [1, 1, 1]
    assert len({fact.outcome_in(version) for version in VERSIONS}) == 2


@pytest.mark.parametrize("fact", HERE, ids=lambda fact: fact.id)
def test_the_source_of_a_fact_is_in_django(fact: Fact) -> None:
    """Each place of Django that a fact names is in the installed one, or is a page of the documentation."""
    for place in fact.source:
        file, _, name = place.partition(": ")
        if file == "docs":
            assert name
        else:
            assert name in _defined(file), place


@cache
def _defined(file: str) -> set[str]:
    """Return the qualified names of what a file of Django defines."""
    names: set[str] = set()
    text = (django_root().parent / file).read_text(encoding="utf-8")
    todo: list[tuple[str, ast.AST]] = [("", ast.parse(text))]
    while todo:
        outer, node = todo.pop()
        for inner in ast.iter_child_nodes(node):
            name = outer
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{outer}.{inner.name}".lstrip(".")
                names.add(name)
            todo.append((name, inner))
    return names


def test_most_signals_have_facts() -> None:
    """Each built-in signal but that of the autoreloader's start is concerned by some fact."""
    silent = {page.name for page in catalog.PAGES if not facts.concerning(page.name)}
    assert silent == {"autoreload_started"}
    assert facts.of_every_signal()


def test_facts_are_searched_in_all_that_they_say() -> None:
    """A text is found in ids, statements, reasons and sources, whatever its case."""
    found = defaultdict(list)
    for text in ("WEAK-LOCAL", "lambda", "addCleanup", "deletion.py: SET_NULL", "ExceptionGroup", "zebra"):
        found[text] = [fact.id for fact in facts.search(facts.FACTS, text)]
    assert "weak-local" in found["WEAK-LOCAL"]
    assert "weak-lambda" in found["lambda"]
    assert found["addCleanup"] == ["test-isolation"]
    assert found["deletion.py: SET_NULL"] == ["set-null"]
    assert found["ExceptionGroup"] == ["async-cancel"]
    assert found["zebra"] == []


def test_an_unknown_fact_names_the_nearest() -> None:
    """An id that does not exist is answered with three that do."""
    with pytest.raises(UnknownNameError) as caught:
        facts.find("weak-locals")
    assert caught.value.message == "unknown fact 'weak-locals'"
    assert "weak-local" in caught.value.hint
    assert caught.value.hint.count(",") == 2


def test_nothing_is_claimed_of_what_a_scenario_sent_itself() -> None:
    """What a scenario sends by hand has a sender and nothing else that a claim could be about."""
    folder = Path(scenarios.__file__).parent
    sends = [
        (file.name, node)
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"send", "send_robust", "asend", "asend_robust"}
    ]
    assert sends
    assert {keyword.arg for _, node in sends for keyword in node.keywords} == {"sender"}
    assert all(len(node.args) <= 1 for _, node in sends)
    built_in = {page.name for page in catalog.PAGES}
    assert not {ast.unparse(node.func.value) for _, node in sends} & built_in
