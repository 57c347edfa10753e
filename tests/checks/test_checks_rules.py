"""Every rule finds what is wrong and leaves alone what is right."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.checks import checking
from sigexplorer.checks.configuration import Configuration
from sigexplorer.checks.files import Source
from sigexplorer.checks.gather import gather
from sigexplorer.checks.rules import every_rule

if TYPE_CHECKING:
    from conftest import Checked

SPECIMENS = [
    tuple(part.partition("\n")[::2])
    for file in sorted((Path(__file__).parent / "specimens").glob("*.txt"))
    for part in re.split(r"^=== ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
]
RULES = {rule.code: rule for rule in every_rule()}
PAGES = {page.code: page for page in checking.pages()}


@pytest.mark.parametrize(("title", "source"), SPECIMENS, ids=[title for title, _ in SPECIMENS])
def test_a_specimen(title: str, source: str, checked: Checked) -> None:
    """A specimen is found where its title says so, and not where it says that it is clean."""
    code, verdict = re.match(r"(SX\d{3}) (found|clean): .", title).groups()  # type: ignore[union-attr]
    codes = {finding.code for finding in checked(source).findings}
    assert (code in codes) == (verdict == "found"), codes


@pytest.mark.parametrize("code", PAGES)
def test_the_wrong_example_is_found(code: str, checked: Checked) -> None:
    """The wrong example is found by its rule, in one line that names the receiver if there is one."""
    found = [finding for finding in checked(PAGES[code].wrong).findings if finding.code == code]
    assert found
    for finding in found:
        assert "\n" not in finding.message
        assert len(finding.message) < 110
        assert finding.level == PAGES[code].level
        assert finding.help
        assert finding.source.strip()
        if finding.receiver and code != "SX049":
            assert finding.receiver.rpartition(".")[2] in finding.message


@pytest.mark.parametrize("code", PAGES)
def test_the_right_example_is_clean(code: str, checked: Checked) -> None:
    """Nothing is found in the right example of a rule but what its own subject makes unavoidable."""
    left = {finding.code for finding in checked(PAGES[code].right).findings}
    assert code not in left
    assert left <= {"SX030"}, left


@pytest.mark.parametrize("code", PAGES)
def test_a_rule_is_explained(code: str) -> None:
    """Every rule has a summary in one line, a reason, advice and two examples that are Python."""
    page = PAGES[code]
    assert len(page.summary) < 100
    assert page.text.count("\n\n") >= 1
    assert not page.summary.endswith(".")
    for example in (page.wrong, page.right):
        compile(example, code, "exec")


@given(st.data())
def test_no_rule_fails_on_mangled_source(data: st.DataObject) -> None:
    """Whatever is missing from a specimen, it is checked as long as it is Python."""
    _, specimen = data.draw(st.sampled_from(SPECIMENS))
    lines = specimen.split("\n")
    gone = data.draw(st.sets(st.integers(0, len(lines) - 1), max_size=4))
    text = "\n".join(line for number, line in enumerate(lines) if number not in gone)
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    source = Source(Path("blog.py"), "blog.py", ("blog.py",), "blog", is_package=False, text=text, tree=tree)
    report = checking.check(checking.Read((gather(source),), ()), Configuration())
    for finding in report.findings:
        assert 1 <= finding.line <= len(lines)
        assert finding.source == text.split("\n")[finding.line - 1]
        assert 1 <= finding.column <= len(finding.source) + 1


def test_what_cannot_fail_is_a_note(checked: Checked) -> None:
    """An argument that is only asked for, and never sent, is no error: nothing is raised."""
    source = """
from django.db.models.signals import post_delete

def gone(sender, instance, **kwargs):
    print(kwargs.get("raw"), kwargs["created"])

post_delete.connect(gone, sender="auth.User")
"""
    found = [(one.message, one.level) for one in checked(source).findings if one.code == "SX031"]
    assert found == [
        ("gone reads 'raw', which post_delete does not send", "note"),
        ("gone reads 'created', which post_delete does not send", "error"),
    ]


def test_codes_are_given_once() -> None:
    """No two rules share a code, and every rule has at least one specimen beside its examples."""
    every = [rule.code for rule in every_rule()]
    assert len(every) == len(set(every))
    assert set(RULES) - {title[:5] for title, _ in SPECIMENS} == set()


def test_what_a_receiver_misses_is_said_once(checked: Checked) -> None:
    """A receiver of three signals of one model is one finding, and another receiver is another."""
    source = (
        PAGES["SX022"].wrong
        + """
from django.db.models.signals import post_delete, pre_save
post_delete.connect(index, sender=Post)
pre_save.connect(index, sender=Post)

@receiver([pre_save, post_save], sender=Post)
def other(sender, instance, **kwargs):
    print(instance.pk)
"""
    )
    found = [one for one in checked(source).findings if one.code == "SX022"]
    assert [one.message for one in found] == [
        "index does not hear Draft: only Post itself matches",
        "other does not hear Draft: only Post itself matches",
    ]


@pytest.mark.parametrize(
    ("code", "source", "expected"),
    [
        (
            "SX005",
            "@receiver(post_save)\n@receiver(pre_save)\ndef note(**kwargs):\n    print(1)\nnote = None\n",
            ["note is collected: line 9 gives its name to something else"],
        ),
        (
            "SX022",
            "# file: shop/models.py\nfrom blog.models import Base\nclass Post(Base):\n    pass\n",
            ["index does not hear shop.Post: only blog.Post itself matches"],
        ),
    ],
)
def test_it_is_said_once_and_by_a_name_of_its_own(
    code: str, source: str, expected: list[str], checked: Checked
) -> None:
    """Two decorators of one receiver are one finding, and models of one name are told with their apps."""
    head = """# file: blog/models.py
from django.db import models
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver

"""
    post = "class Post(models.Model):\n    pass\nBase = Post\n@receiver(post_save, sender=Post)\n"
    post += "def index(sender, instance, **kwargs):\n    print(instance)\n"
    found = checked(head + (post if code == "SX022" else "") + source).findings
    assert [one.message for one in found if one.code == code] == expected


def test_a_receiver_that_debug_would_hold_is_told_from_one_that_nothing_would(checked: Checked) -> None:
    """With DEBUG on a lambda lives on, by chance; the object of a method does not."""
    source = """
from django.db.models.signals import post_save

class Index:
    def add(self, sender, **kwargs):
        print(sender)

post_save.connect(Index().add)
post_save.connect(lambda sender, **kwargs: print(sender))
"""
    found = [one.message for one in checked(source).findings if one.code == "SX004"]
    assert found == [
        "the method Index().add is collected at once: nothing holds it",
        "the lambda is collected at once: only DEBUG = True would hold it",
    ]


@pytest.mark.parametrize(
    ("loop", "models"),
    [("(Group, User)", "Group, User"), ("every()", "each model of its loop")],
)
def test_models_of_a_loop_are_named(checked: Checked, loop: str, models: str) -> None:
    """A note on the cost of a delete names the models, and no variable."""
    source = f"""
from django.contrib.auth.models import Group, User
from django.db.models.signals import post_delete

def note(sender, **kwargs):
    print(sender)

def every():
    return Group, User

for one in {loop}:
    post_delete.connect(note, sender=one)
"""
    [finding] = [one for one in checked(source).findings if one.code == "SX030"]
    assert finding.message == f"note makes {models} lose the fast delete: each row is loaded first"


def test_a_finding_names_a_signal_that_it_is_about(checked: Checked) -> None:
    """What concerns saves carries the signal of a save, though the receiver hears deletes as well."""
    source = """
from django.db.models.signals import pre_delete, pre_save
from django.dispatch import receiver

@receiver([pre_save, pre_delete], sender="auth.User")
def note(sender, instance, **kwargs):
    print(instance.groups.add(1))
"""
    [finding] = [one for one in checked(source).findings if one.code == "SX040"]
    assert finding.signal == "django.db.models.signals.pre_save"
