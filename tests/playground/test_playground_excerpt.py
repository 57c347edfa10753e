"""The code that is shown of a step: with what it uses, and of nothing else."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator

import pytest
from stories import SCENARIOS, Story, played

from sigexplorer.catalog import facts
from sigexplorer.playground import proving, runs


def shown(name: str) -> list[str]:
    """Return the code of the steps that prove a fact."""
    with runs.open_playground(listen=False):
        return [str(step.source) for step in proving.prove(facts.find(name)).steps]


#: What a scenario is given: it can do more than what is shown, such as let nobody listen for a while.
GIVEN = {"step", "Steps"}


def unmade(code: str) -> set[str]:
    """Return the names that some code reads and nothing in it makes."""
    module = symtable.symtable(code, "code", "exec")
    made = {
        one.get_name()
        for one in module.get_symbols()
        if one.is_assigned() or one.is_imported() or one.is_namespace()
    }
    return set(_read(module)) - made - set(vars(builtins))


def _read(table: symtable.SymbolTable) -> Iterator[str]:
    for one in table.get_symbols():
        if one.is_referenced() and (one.is_global() or table.get_type() == "module"):
            yield one.get_name()
    for inner in table.get_children():
        yield from _read(inner)


@pytest.mark.usefixtures("playground")
@pytest.mark.parametrize("story", SCENARIOS, ids=lambda story: story.name)
def test_the_code_of_every_step_is_python(story: Story) -> None:
    """What is shown of any step can be read by Python, makes what it names, and has no word for a linter."""
    for step in played(story).steps:
        assert step.source, step.title
        ast.parse(step.source)
        assert unmade(step.source) <= GIVEN, step.source
        assert "noqa" not in step.source


@pytest.mark.usefixtures("playground")
@pytest.mark.parametrize(
    ("fact", "parts"),
    [
        ("async-cancel", ["import connected\n", "async def _send_and_catch()",
                          "async def _ends_later(", "async def charge(", "asyncio.run(_send_and_catch())"]),
        ("recursion", ["def save_again(", "    instance.save()", "with connected("]),
        ("str-sender", ["import MISTYPED", "def hear(", 'text = ".".join(', "sender=text):"]),
        ("robust-qualname", ["def charge(", "class Cashier:", "partial, cashier =", "send_robust("]),
        ("async-order", ["async def first(", "def fourth(", "order_placed.send(None)"]),
        ("receiver-list", ["@receiver([order_placed, order_paid])", "order_paid.send("]),
        ("set-null", ["Category.objects.create(", "category=category)\n# in this step:\ncategory.delete()"]),
        ("raw-delete", ["import connected", "def hear(", "heard =", "# in this step:", "_raw_delete("]),
        ("listening-cost", ["import statements", "# step.unheard() takes", "with step.unheard()"]),
        ("using", ["import Tag", "tag = Tag", "# in this step:", "tag.save(using="]),
        ("m2m-seq", ["post = Post.objects.create(", "one, two, three =", "post.tags.add(one, two)"]),
        ("rebind", ['MODULE = """', "def handle_order(", "exec(MODULE"]),
    ],
)  # fmt: skip
def test_helpers_stand_before_the_step_that_uses_them(fact: str, parts: list[str]) -> None:
    """Functions, classes, values and imports that the code of a step names are shown with it, in order."""
    code = shown(fact)[0]
    places = [code.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.usefixtures("playground")
def test_what_was_made_for_the_step_before_is_shown_once() -> None:
    """A step that goes on with what was made for the one before says so instead of repeating it."""
    first, second, third, *_ = shown("m2m-pkset")
    assert "Tag.objects.create(" in first
    assert second == "# after the step above:\npost.tags.add(there, new)"
    assert third == "# after the step above:\npost.tags.remove(there.pk, 999)"


@pytest.mark.usefixtures("playground")
def test_what_a_step_does_not_use_is_not_shown() -> None:
    """Receivers of other steps, and what comes after, are left out."""
    first, *_, second = shown("rebind")
    assert "write_bill" not in first
    assert "DEBUG" not in first
    assert "assigned(DEBUG=True)" in second
    assert "step(" not in first + second
