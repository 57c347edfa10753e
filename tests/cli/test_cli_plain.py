"""Words are read without Typer where they are plain; what is read then is what Typer reads."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from processes import python

from sigexplorer.cli import completing, plain
from sigexplorer.cli.app import app
from sigexplorer.cli.commands import COMMANDS, Command, find
from sigexplorer.cli.declare import REQUIRED, Option, Parameter, parameters
from sigexplorer.cli.typed import typed
from sigexplorer.errors import UsageError

NAMES = [command.name for command in COMMANDS]
VALUES = {str: ["post_save", "-x", "a=b", "%save"], int: ["1", "25"], Path: ["there/is none", "-"]}
#: Words that are a value for nothing, or for something else than one thinks.
ODD = [
    "",
    "-",
    "--",
    "---",
    "-1",
    "0",
    "007",
    "1_0",
    "1.5",
    "٣",
    "x",
    "-h",
    "--help",
    "--form",
    "-=",
    "--=x",
    "ü",
]

each_command = pytest.mark.parametrize("command", COMMANDS, ids=NAMES)


@functools.cache
def understood_by_typer(name: str) -> Callable[[list[str]], dict[str, Any] | None]:
    """Return a function that lets Typer read words: what the command is called with, None for no call."""
    command = find(name)
    assert command is not None
    seen: list[dict[str, Any]] = []

    @functools.wraps(command.load())
    def spy(**given: Any) -> None:
        seen.append(given)

    alone = typer.Typer(add_completion=False)
    settings = {"allow_interspersed_args": command.interspersed, "help_option_names": ["-h", "--help"]}
    alone.command(name, context_settings=settings)(typed(spy))
    made = typer.main.get_command(alone)

    def read(words: list[str]) -> dict[str, Any] | None:
        seen.clear()
        try:
            made.main(list(words), prog_name=name, standalone_mode=False)
        except (typer.BadParameter.__mro__[1], typer.Exit):  # type: ignore[misc]
            return None
        return seen[0] if seen else None

    return read


def read_plainly(command: Command, words: list[str]) -> dict[str, Any] | None:
    """Return what the words are without Typer."""
    return plain.read(command.load(), words, interspersed=command.interspersed)


def neutral(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return arguments of which an empty list is none: Typer's versions differ about it."""
    return given and {name: value or None for name, value in given.items()}


def options(command: Command) -> list[tuple[str, Parameter]]:
    """Return every name of every option of a command."""
    return [
        (name, each)
        for each in parameters(command.load())
        if isinstance(each.declared, Option)
        for both in each.declared.names
        for name in both.split("/")
    ]


def needed(command: Command) -> list[str]:
    """Return words for the arguments that a command cannot do without."""
    return [each.name for each in parameters(command.load()) if each.default is REQUIRED]


def spellings(name: str, value: str) -> list[list[str]]:
    """Return the ways to write an option with a value."""
    return [[name, value], [f"{name}={value}"] if name.startswith("--") else [f"{name}{value}"]]


@each_command
def test_every_option_is_read_as_typer_reads_it(command: Command) -> None:
    """Each option, by each of its names and in each spelling, before and after the arguments, is the same."""
    typers = understood_by_typer(command.name)
    for name, each in options(command):
        written = [[name]] if each.kind is bool else [
            words for value in VALUES[each.kind] for words in spellings(name, value)
        ]  # fmt: skip
        for words in written:
            line = [*words, *needed(command)]
            assert read_plainly(command, line) is not None, line
            assert neutral(read_plainly(command, line)) == neutral(typers(line)), line
            twice = [*words, *needed(command), *words, "more"]
            found = read_plainly(command, twice)
            assert found is None or neutral(found) == neutral(typers(twice)), twice


@each_command
def test_no_words_at_all_are_read_as_typer_reads_them(command: Command) -> None:
    """A command without words has the defaults that it declares."""
    assert neutral(read_plainly(command, needed(command))) == neutral(
        understood_by_typer(command.name)(needed(command))
    )


@each_command
@given(data=st.data())
def test_what_is_read_plainly_is_what_typer_reads(command: Command, data: st.DataObject) -> None:
    """Whatever the words are: they are left to Typer, or mean what they mean to Typer.

    But for a file that has no name, which is this folder to Typer.
    """
    names = [name for name, _ in options(command)]
    values = [value for some in VALUES.values() for value in some]
    letters = "".join(name[1] for name in names if len(name) == 2)
    word = st.one_of(
        st.sampled_from(names),
        st.sampled_from([*values, *ODD]),
        st.builds("{}={}".format, st.sampled_from(names), st.sampled_from([*values, *ODD])),
        st.text(letters or "x", min_size=1, max_size=4).map("-{}".format),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    )
    words = [*data.draw(st.lists(word, max_size=6)), *needed(command)]
    try:
        found = read_plainly(command, words)
    except UsageError as problem:
        assert "names no file" in problem.message  # noqa: PT017 - hypothesis draws many
        return
    if found is not None:
        assert neutral(found) == neutral(understood_by_typer(command.name)(words))


def test_typer_has_every_command() -> None:
    """What can be asked for without Typer is a command of Typer's, and the other way round."""
    assert [*typer.main.get_command(app).commands] == NAMES  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "arguments", [["list"], ["docs", "post_save"], ["scenario"], ["--version"], ["docs", "-f", "json"]]
)
def test_a_plain_question_is_answered_without_typer(arguments: list[str]) -> None:
    """Neither Typer nor what it brings along is imported, and Django only by what starts it."""
    code = "import sys; from sigexplorer.cli.run import run; run(sys.argv[1:]); print(*sys.modules)"
    modules = set(python(code, *arguments).out.splitlines()[-1].split())
    assert not modules & {"typer", "click", "pydantic", "django", "markdown_it", "pygments", "asyncio"}


def test_the_version_is_the_same_with_typer(capsys: pytest.CaptureFixture[str]) -> None:
    """--version says the same whether Typer or we are asked."""
    from sigexplorer.cli import app as with_typer
    from sigexplorer.cli.run import run

    assert run(["--version"]) == 0
    ours = capsys.readouterr().out
    assert with_typer.main(["--version"]) == 0
    assert capsys.readouterr().out == ours


LINES = [
    "", "l", "docs ", "docs post_", "docs post_save ", "docs nope", "docs -f json po", "docs --", "docs -",
    "trigger pre_save post_", "scenario log", "scenario login-flow ", "receivers task", "receivers x ",
    "list po", "why x", "why ", "show ", "show --tr", "explain blog.Post --on s", "nope post_", "docs 'po",
    'docs "post_sa', "docs =", "docs po=", "trace ", "trace manage.py ", "diff a ", "check ", "trigger -- po",
]  # fmt: skip


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("line", LINES)
def test_what_is_offered_is_what_typer_offers(
    shell: str, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Each shell is offered the same names with and without Typer."""
    monkeypatch.chdir(tmp_path)  # where no lockfile is
    monkeypatch.setenv("_SIGEXPLORER_COMPLETE", f"complete_{shell}")
    typed_line = f"sigexplorer {line}"
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed_line)
    monkeypatch.setenv("COMP_WORDS", typed_line)
    monkeypatch.setenv("COMP_CWORD", str(typed_line.count(" ")))
    for action in ("get-args", "is-args"):
        monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", action)
        found = completing.offered()
        capsys.readouterr()
        if found is None:
            continue
        with pytest.raises(SystemExit) as end:
            typer.main.get_command(app).main([], prog_name="sigexplorer")
        assert (capsys.readouterr().out, end.value.code or 0) == found


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("line", ["docs post_", "trigger pre_save post_s", "scenario log", "receivers user_"])
def test_names_are_offered_without_typer(shell: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of signals and scenarios are offered without its help."""
    monkeypatch.setenv("_SIGEXPLORER_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", f"sigexplorer {line}")
    monkeypatch.setenv("COMP_WORDS", f"sigexplorer {line}")
    monkeypatch.setenv("COMP_CWORD", str(line.count(" ") + 1))
    found = completing.offered()
    assert found is not None
    assert line.rsplit(maxsplit=1)[-1] in found[0]
