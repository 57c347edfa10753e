"""Pipes, terminals, colours, widths and encodings."""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache

import pytest
from forks import forked
from processes import TIMEOUT_SECONDS, Answer, command, environment, sigexplorer, start, terminal

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

#: Colours and the like; not the cursor, nor the erasing of lines.
STYLE = re.compile(r"\x1b\[[0-9;]*m")

ANSWERS = {
    "list": ("list",),
    "docs": ("docs", "post_save"),
    "scenario": ("scenario", "login-flow"),
}
each_answer = pytest.mark.parametrize("arguments", ANSWERS.values(), ids=ANSWERS)


@cache
def piped(*arguments: str) -> Answer:
    """Return what a command answers in a pipe, with nothing said of columns and colours."""
    return sigexplorer(*arguments)


@cache
def on_a_terminal(*arguments: str) -> Answer:
    """Return what a command answers on a usual terminal."""
    return terminal(*arguments)


def steady(text: str) -> str:
    """Return the characters of an answer, sorted: the time that things take moves columns and breaks lines.

    Styles, times, rules, spaces, and the commas of stacked titles do not count.
    """
    plain = ESCAPE.sub("", text)
    plain = re.sub(r"\d[\d.,]*(?:ns|us|ms|s)\b|\d[\d,]*\.\d\d\b", "", plain)
    return "".join(sorted(re.sub(r"[─━,\s-]+", "", plain)))


@each_answer
def test_a_pipe_gets_plain_and_whole_lines(arguments: tuple[str, ...]) -> None:
    """Piped output has no escape codes, is not cut to eighty columns, and is not padded either."""
    answer = piped(*arguments)
    assert answer.code == 0
    assert "\x1b" not in answer.out + answer.err
    assert "…" not in answer.out or arguments[0] == "docs"  # a page may write one
    lines = answer.out.splitlines()
    assert any(len(line.rstrip()) > 80 for line in lines)
    assert max(len(line) - len(line.rstrip()) for line in lines) < 200


@each_answer
def test_columns_are_obeyed_in_a_pipe(arguments: tuple[str, ...]) -> None:
    """COLUMNS=80 is a width to keep, and nothing is lost by it."""
    narrow = forked(*arguments, env={"COLUMNS": "80"})
    assert narrow.code == 0
    assert max(len(line) for line in narrow.out.splitlines()) <= 80
    assert "\x1b" not in narrow.out


@pytest.mark.parametrize("columns", ["0", "1", "wide", "99999999"])
def test_odd_columns_are_no_trouble(columns: str) -> None:
    """Whatever COLUMNS says, the answer is there, and whole where it says nothing that makes sense."""
    answer = forked("scenario", "save-user", env={"COLUMNS": columns})
    assert answer.code == 0
    assert "scenariosave-user" in "".join(answer.out.split())
    if columns in ("0", "wide"):
        assert any(len(line.rstrip()) > 80 for line in answer.out.splitlines())


@each_answer
@pytest.mark.parametrize("columns", [80, 140])
def test_a_terminal_gets_colours_and_its_width(arguments: tuple[str, ...], columns: int) -> None:
    """On a terminal there are colours, and no line is wider than it."""
    answer = on_a_terminal(*arguments) if columns == 80 else terminal(*arguments, columns=columns)
    assert answer.code == 0
    assert STYLE.search(answer.out)
    assert max(len(ESCAPE.sub("", line)) for line in answer.out.splitlines()) <= columns


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
@pytest.mark.parametrize("arguments", [("scenario", "login-flow"), ("docs", "post_save")], ids=" ".join)
def test_a_terminal_without_colours(arguments: tuple[str, ...], env: dict[str, str]) -> None:
    """With NO_COLOR or on a dumb terminal there is no colour, and the answer is the same."""
    plain, coloured = terminal(*arguments, env=env), on_a_terminal(*arguments)
    assert plain.code == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", plain.out)
    if env.get("TERM") == "dumb":
        assert "\x1b" not in plain.out
    assert steady(plain.out) == steady(coloured.out)


def test_a_dumb_terminal_sees_no_moving_cursor() -> None:
    """The progress of --all needs a terminal that can do it."""
    answer = terminal("trigger", "--all", env={"TERM": "dumb"})
    assert answer.code == 0
    assert "\x1b" not in answer.out
    assert "\r" not in answer.out


def test_progress_is_shown_on_a_terminal_and_gone_afterwards() -> None:
    """--all shows how far it is while it runs, and the cursor is there again at the end."""
    answer = terminal("trigger", "--all")
    assert answer.code == 0
    assert "\x1b[2K" in answer.out
    assert answer.out.count("\x1b[?25l") == answer.out.count("\x1b[?25h")


@each_answer
def test_colours_can_be_forced_into_a_pipe(arguments: tuple[str, ...]) -> None:
    """FORCE_COLOR colours what is piped, and changes nothing else: not the width, not the text."""
    forced, plain = forked(*arguments, env={"FORCE_COLOR": "1"}), piped(*arguments)
    assert STYLE.search(forced.out)
    assert steady(forced.out) == steady(plain.out)
    assert any(len(ESCAPE.sub("", line).rstrip()) > 80 for line in forced.out.splitlines())


def test_forced_colours_move_no_cursor() -> None:
    """FORCE_COLOR makes no terminal of a file: there is no progress bar in it."""
    answer = forked("trigger", "--all", env={"FORCE_COLOR": "1"})
    assert answer.code == 0
    assert "\r" not in answer.err
    assert not re.search(r"\x1b\[[0-9;?]*[A-Za-ln-z]", answer.err + answer.out)


def test_machine_output_is_never_coloured() -> None:
    """JSON is JSON, on a terminal and with FORCE_COLOR too."""
    arguments = ("scenario", "save-user", "-f", "jsonl")
    assert "\x1b" not in forked(*arguments, env={"FORCE_COLOR": "1"}).out
    assert "\x1b" not in terminal(*arguments).out


@pytest.mark.parametrize(
    "arguments",
    [
        ("docs", "post_save"),
        ("scenario", "login-flow"),
        ("scenario", "login-flow", "-f", "json"),
        ("trigger", "post_save", "pre_init"),
    ],
    ids=" ".join,
)
def test_a_closed_pipe_ends_quietly(arguments: tuple[str, ...]) -> None:
    """Where nobody reads, as after | head, the command ends without a word."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with start(*arguments, stdout=writing) as process:
            _, err = process.communicate(timeout=TIMEOUT_SECONDS)
    finally:
        os.close(writing)
    assert err == ""
    assert process.returncode in (0, 1, 141)


def test_head_gets_its_line() -> None:
    """| head -1 shows one line and nothing else happens."""
    with start("scenario", "migrate", "-v") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.wait(TIMEOUT_SECONDS)
    assert first == "scenario migrate\n"
    assert "rror" not in err
    assert "Traceback" not in err


def test_a_full_device_is_one_line() -> None:
    """Standard output that takes no more is exit 2 and one line, if the system has such a device."""
    with open("/dev/full", "w", encoding="utf-8") as full, start("scenario", stdout=full) as process:  # noqa: PTH123
        _, err = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 2
    assert err.count("\n") == 1
    assert "no space left" in err.lower()


def test_no_standard_output_is_no_crash() -> None:
    """Standard output and error that are closed are nobody's, and no traceback goes anywhere."""
    closed = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *command("scenario")]
    done = subprocess.run(closed, env=environment(), capture_output=True, check=False, timeout=60)  # noqa: S603
    assert (done.stdout, done.stderr) == (b"", b"")
    assert done.returncode in (0, 1, 2, 120)


@pytest.mark.parametrize(
    ("encoding", "arguments"),
    [
        ("ascii", ("scenario", "login-flow")),
        ("ascii", ("docs", "post_migrate")),
        ("utf-16", ("scenario",)),
        ("cp437", ("list", "-f", "markdown")),
    ],
)
def test_any_encoding_will_do(arguments: tuple[str, ...], encoding: str) -> None:
    """An output that cannot hold a sign gets it spelled out: it is never a reason to crash."""
    with start(*arguments, env={"PYTHONIOENCODING": encoding}, text=False) as process:
        out, err = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 0, err
    assert "Traceback" not in err.decode(encoding)
    assert out.decode(encoding)


def test_the_hint_goes_to_stderr_and_never_to_a_pipe_of_data() -> None:
    """What to try next is beside the answer: data alone is on stdout, and machine output has no hint."""
    table, machine = piped("scenario", "login-flow"), piped("scenario", "login-flow", "-f", "json")
    assert "sigexplorer scenario" in table.err
    assert "sigexplorer scenario" not in table.out
    assert machine.err == ""
