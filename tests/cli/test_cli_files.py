"""-o FILE: written whole or not at all, in the format that its suffix says."""

from __future__ import annotations

import errno
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from processes import sigexplorer, unprivileged

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Cli

    Valid = Callable[[str, str], Any]

TRACES = {
    "table": ["scenario", "save-user"],
    "trigger": ["trigger", "pre_init"],
}
INVENTORIES = {"list": ["list"], "docs": ["docs", "post_save"], "scenarios": ["scenario"]}


_BEGINNINGS = {
    ".json": "{",
    ".jsonl": "{",
    ".svg": "<svg",
    ".md": "# ",
    ".mmd": "sequenceDiagram\n",
    ".csv": "trace,step,id,",
    ".chrome.json": "[",
    ".otlp.json": '{"resourceSpans":',
}


def begins(text: str, suffix: str) -> bool:
    """Tell whether a text looks like what a suffix says."""
    return text.startswith(_BEGINNINGS.get(suffix, "")) and (text != "")


@pytest.mark.parametrize("command", TRACES.values(), ids=TRACES)
@pytest.mark.parametrize(
    "suffix",
    [".json", ".jsonl", ".svg", ".txt", ".JSON", "", ".md", ".mmd", ".csv", ".chrome.json", ".otlp.json"],
)
def test_the_suffix_chooses_the_format_of_a_trace(
    command: list[str], suffix: str, story_cli: Cli, tmp_path: Path
) -> None:
    """A trace is written as JSON, lines or a picture by its suffix, and as a timeline by any other."""
    file = tmp_path / f"trace{suffix}"
    answer = story_cli(*command, "-o", file)
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    text = file.read_text(encoding="utf-8")
    assert begins(text, suffix.lower())
    if suffix in (".txt", ""):
        assert "\x1b" not in text
        assert "listening" in text


@pytest.mark.parametrize("command", INVENTORIES.values(), ids=INVENTORIES)
@pytest.mark.parametrize("suffix", [".json", ".md", ".svg", ".txt"])
def test_the_suffix_chooses_the_format_of_an_inventory(
    command: list[str], suffix: str, story_cli: Cli, tmp_path: Path
) -> None:
    """A list or a page is written as JSON, Markdown or a picture by its suffix."""
    file = tmp_path / f"answer{suffix}"
    answer = story_cli(*command, "-o", file)
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert begins(file.read_text(encoding="utf-8"), suffix)


def test_a_file_holds_what_would_have_been_printed(story_cli: Cli, tmp_path: Path, valid: Valid) -> None:
    """A file has the same text as standard output, and JSON in it is valid."""
    for command, suffix, format_name in (
        (["list"], ".json", "json"),
        (["docs", "post_save"], ".md", "markdown"),
        (["docs", "post_save"], ".txt", "table"),
        (["scenario"], ".json", "json"),
    ):
        file = tmp_path / f"answer{suffix}"
        assert story_cli(*command, "-o", file).code == 0
        printed = story_cli(*command, "-f", format_name).out
        written = file.read_text(encoding="utf-8")
        assert [line.rstrip() for line in written.splitlines()] == [
            line.rstrip() for line in printed.splitlines()
        ]
    story_cli("scenario", "save-user", "rollback", "-o", tmp_path / "two.json")
    assert valid((tmp_path / "two.json").read_text(), "trace")["schema"] == "sigexplorer.traces/1"


def test_the_named_format_wins_over_the_suffix(story_cli: Cli, tmp_path: Path, valid: Valid) -> None:
    """-f decides where it is given, whatever the file is called."""
    file = tmp_path / "trace.svg"
    assert story_cli("scenario", "save-user", "-f", "json", "-o", file).code == 0
    valid(file.read_text(), "trace")


def test_an_existing_file_is_replaced(story_cli: Cli, tmp_path: Path) -> None:
    """A file that is there is replaced as a whole, however long it was, and keeps its permissions."""
    file = tmp_path / "list.json"
    file.write_text("x" * 1_000_000)
    file.chmod(0o600)
    assert story_cli("list", "-o", file).code == 0
    json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_new_file_has_usual_permissions(story_cli: Cli, tmp_path: Path) -> None:
    """A new file is readable as the user's umask says, as any other file."""
    usual = tmp_path / "usual"
    usual.touch()
    story_cli("list", "-o", tmp_path / "list.json")
    assert (tmp_path / "list.json").stat().st_mode == usual.stat().st_mode


def test_a_link_stays_a_link(story_cli: Cli, tmp_path: Path) -> None:
    """Writing to a symbolic link writes what it leads to."""
    target = tmp_path / "target.json"
    target.touch()
    link = tmp_path / "link.json"
    link.symlink_to(target)
    assert story_cli("list", "-o", link).code == 0
    assert link.is_symlink()
    json.loads(target.read_text())


def test_a_pipe_is_written_to(story_cli: Cli, tmp_path: Path) -> None:
    """A named pipe, as a device, is written to and not replaced by a file."""
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert story_cli("scenario", "-o", pipe).code == 0
        assert json.loads(os.read(reader, 65_536))["schema"] == "sigexplorer.scenario/1"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize(
    "command", [["list"], ["docs"], ["scenario"], ["scenario", "save-user"], ["trigger", "pre_init"]]
)
@pytest.mark.parametrize("place", ["missing/answer.json", ".", "a directory.json", "file.txt/answer.json"])
def test_what_cannot_be_written_is_said(
    command: list[str], place: str, story_cli: Cli, tmp_path: Path
) -> None:
    """A file in a missing folder, a folder, or a file below a file: exit 2, one line, and nothing left."""
    (tmp_path / "a directory.json").mkdir()
    (tmp_path / "file.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    answer = story_cli(*command, "-o", tmp_path / place)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert "cannot write" in answer.err
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file.txt").read_text() == "mine"


def test_a_full_disk_leaves_no_half_file(
    story_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that fails half way leaves the old file as it was and nothing beside it."""
    file = tmp_path / "list.json"
    file.write_text("old")
    original = os.fdopen

    def full(*arguments: Any, **named: Any) -> Any:
        stream = original(*arguments, **named)
        write = stream.write

        def half(text: str) -> int:
            write(text[:100])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        stream.write = half
        return stream

    monkeypatch.setattr(os, "fdopen", full)
    answer = story_cli("list", "-o", file)
    monkeypatch.undo()
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_read_only_folder_is_said() -> None:
    """A folder that may not be written to is exit 2 in one line, for root without its rights too."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o555)
        answer = sigexplorer("scenario", "-o", str(place / "list.json"), preexec_fn=unprivileged())
        assert (answer.code, answer.out) == (2, "")
        assert answer.err.count("\n") == 1
        assert "ermission denied" in answer.err
        assert list(place.iterdir()) == []
        place.chmod(0o755)


@pytest.mark.parametrize(
    ("command", "suffix"),
    [
        (["list"], ".jsonl"),
        (["docs"], ".csv"),
        (["scenario"], ".html"),
        (["list"], ".docx"),
        (["scenario", "save-user"], ".jsno"),
        (["trigger", "pre_init"], ".pdf"),
    ],
)
def test_a_suffix_that_a_command_does_not_write_is_said(
    command: list[str], suffix: str, story_cli: Cli, tmp_path: Path
) -> None:
    """A suffix that no format of the command has is exit 2, before anything runs."""
    answer = story_cli(*command, "-o", tmp_path / f"answer{suffix}")
    if answer.code == 0:
        pytest.fail(f"{suffix} is written now: move it to the suffixes that work")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert suffix in answer.err
    assert list(tmp_path.iterdir()) == []


def test_a_dash_is_standard_output(story_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """-o - prints, as if there were no -o."""
    monkeypatch.chdir(tmp_path)
    assert story_cli("scenario", "-f", "json", "-o", "-") == story_cli("scenario", "-f", "json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["na[red]me.json", "na me.json", "é漢.json", "x" * 200 + ".json"])
def test_names_of_files_are_only_names(
    name: str, story_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any name that a folder takes can be written to."""
    monkeypatch.chdir(tmp_path)
    assert story_cli("scenario", "-o", name, "-f", "json").code == 0
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "name", ["x" * 5_000, "new\nline\x1b[31m/answer.json", "surro\udcffgate/answer.json", "nul\x00.json"]
)
def test_hostile_names_of_files_are_said_harmlessly(name: str, story_cli: Cli, tmp_path: Path) -> None:
    """A name that no folder takes is exit 2 in one line without control characters."""
    answer = story_cli("scenario", "-o", tmp_path / name)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert "\x1b" not in answer.err
    assert len(answer.err) < 3_000
    assert list(tmp_path.iterdir()) == []
