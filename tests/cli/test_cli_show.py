"""The commands show and diff: a recording again, without the project and without Django."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata, resources
from importlib.metadata import EntryPoint
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from processes import python, sigexplorer, unprivileged

from sigexplorer.show import exporters, keep
from sigexplorer.show.schemas import trace_schema
from sigexplorer.show.views import VIEWS

if TYPE_CHECKING:
    from conftest import Cli

    Valid = Callable[[str, str], Any]

FORMATS = (*VIEWS, "json", "jsonl", "markdown", "csv", "mermaid", "svg", "chrome", "otlp")


@pytest.fixture
def recorded(recording: Callable[..., bytes], tmp_path: Path) -> Path:
    """Return a recording of a scenario."""
    file = tmp_path / "run.jsonl"
    file.write_bytes(recording("scenario", "login-flow"))
    return file


@pytest.mark.parametrize("format_name", FORMATS)
def test_show_answers_what_the_run_answered(format_name: str, story_cli: Cli, tmp_path: Path) -> None:
    """Every view and format of a recording is what the command that recorded it would have said."""
    file = tmp_path / "run.jsonl"
    story_cli("scenario", "save-user", "-o", file)
    again = story_cli("show", file, "-f", format_name)
    live = story_cli("show", "--last", "-f", format_name)
    assert (again.code, again.err) == (0, "")
    assert again.out == live.out != ""


def test_show_needs_no_django(recorded: Path) -> None:
    """No view and no format imports Django, nor anything of ours that knows it."""
    program = (
        "import sys\n"
        "from sigexplorer.cli.run import run\n"
        f"for name in {FORMATS!r}:\n"
        "    assert run(['show', sys.argv[1], '-f', name]) == 0\n"
        "assert run(['diff', sys.argv[1], sys.argv[1]]) == 0\n"
        "assert run(['show', '--schema']) == 0\n"
        "foreign = ('django', 'asgiref', 'sigexplorer.capture', 'sigexplorer.project')\n"
        "found = [name for name in sys.modules if name.startswith(foreign)]\n"
        "sys.exit(f'imported: {found}' if found else 0)\n"
    )
    answer = python(program, str(recorded))
    assert (answer.code, answer.err) == (0, "")


def test_the_filters_are_those_of_the_live_commands(recorded: Path, cli: Cli) -> None:
    """-e, -S, -R, -Z, --min, --depth, --step and --from choose the same in a recording."""
    everything = json.loads(cli("show", recorded, "-f", "json").out)["dispatches"]
    for options, chosen in (
        (["-e", "%save"], lambda one: one["group"] == "save"),
        (["-S", "auth.*"], lambda one: one["sender"].startswith("auth.")),
        (["-R", "*greet_user"], lambda one: any("greet" in call["receiver"] for call in one["calls"])),
        (["--min", "100us"], lambda one: one["duration_ns"] >= 100_000),
        (["--depth", "1"], lambda one: one["parent"] is None),
        (["--step", "log in"], lambda one: one["step"] == 3),
        (["--from", "20"], lambda one: one["id"] >= 20),
        (["-Z"], lambda _: False),
    ):
        left = json.loads(cli("show", recorded, "-f", "json", *options).out)["dispatches"]
        assert [one["id"] for one in left] == [one["id"] for one in everything if chosen(one)]
        for view in VIEWS:
            assert cli("show", recorded, "-f", view, *options).code == 0


class _Exporter(EntryPoint):
    dist = None  # type: ignore[assignment]

    def load(self) -> Any:
        """Return an exporter that writes titles."""
        return lambda traces: "".join(f"{trace.run.title}\n" for trace in traces)


def test_a_plugin_is_found_by_name_and_by_suffix(
    recorded: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A format of another distribution works as our own do, and its name is its suffix."""
    point = _Exporter("titles", "their.module:export", exporters.GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point] if group else [])
    assert cli("show", recorded, "-f", "titles").out == "scenario login-flow\n"
    assert cli("show", recorded, "-o", tmp_path / "out.titles").code == 0
    assert (tmp_path / "out.titles").read_text() == "scenario login-flow\n"
    assert "titles" in cli("show", recorded, "-f", "unknown").err


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "returned something else than text"),
        (b"bytes", "returned something else than text"),
        (SystemExit(0), "failed: SystemExit: 0"),
        ("lone \ud800\n", ""),
    ],
)
def test_a_plugin_that_goes_wrong_is_named(
    written: Any, said: str, recorded: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no text, or ends the process, is one line with the exporter's name; a surrogate is shown."""

    def export(_traces: Any) -> Any:
        if isinstance(written, BaseException):
            raise written
        return written

    class Odd(_Exporter):
        def load(self) -> Any:
            return export

    point = Odd("titles", "their.module:export", exporters.GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point] if group else [])
    file = recorded.with_name("out.titles")
    answer = cli("show", recorded, "-o", file)
    assert answer.code == (2 if said else 0)
    assert answer.err.count("\n") == bool(said)
    assert said in answer.err
    assert not said or "the exporter 'titles'" in answer.err
    assert file.exists() != bool(said)
    assert said or file.read_text() == "lone \\ud800\n"


def test_a_typo_is_named(recorded: Path, cli: Cli) -> None:
    """A name that is not in the recording is exit 2 with its nearest."""
    answer = cli("show", recorded, "-R", "blog.receivers.greet_usr")
    assert (answer.code, answer.out) == (2, "")
    assert "nearest: blog.receivers.greet_user" in answer.err


def test_the_schema_is_printed(cli: Cli) -> None:
    """The schema of recordings is printed, or by its name that of any other JSON of ours."""
    assert json.loads(cli("show", "--schema").out) == trace_schema()
    for file in resources.files("sigexplorer.show").joinpath("schema").iterdir():
        text = file.read_text(encoding="utf-8")
        for name in re.findall(r'"sigexplorer\.([a-z-]+)/1"', text.partition('"type"')[2]):
            assert json.loads(cli("show", "--schema", name).out) == json.loads(text)
    assert "unknown kind of JSON 'dif' (nearest: diff" in cli("show", "dif", "--schema").err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--last", "x.jsonl"],
        ["x.jsonl", "--schema"],
        ["--from", "soon", "x.jsonl"],
        ["--min", "", "x.jsonl"],
        ["-e", "post_save,!", "x.jsonl"],
        ["x.jsonl", "-o", "folder/"],
    ],
)
def test_wrong_questions(arguments: list[str], cli: Cli) -> None:
    """No file, a file and --last, a file and --schema, no start, no time and so on: exit 2 and one line."""
    answer = cli("show", *arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert ("not both" in answer.err) == ("--last" in arguments)


def test_a_killed_run_is_shown_with_one_warning(recorded: Path, cli: Cli) -> None:
    """What stands before a cut-off last line is shown, and one line on stderr says what is missing."""
    content = recorded.read_bytes()
    recorded.write_bytes(content[: len(content) * 2 // 3])
    for format_name in FORMATS:
        answer = cli("show", recorded, "-f", format_name)
        assert answer.code == 0
        assert answer.out
        assert answer.err.count("\n") == 1
        assert "is cut off" in answer.err


def test_a_recording_cut_inside_a_step_keeps_it(recorded: Path, cli: Cli, valid: Valid) -> None:
    """What was sent in a step that has no record stands last, under its number; ``diff`` knows the step."""
    whole = recorded.with_name("whole.jsonl")
    recorded.rename(whole)
    lines = whole.read_text().splitlines(keepends=True)
    cut = next(place for place, line in enumerate(lines) if '"type": "step", "id": 3' in line) - 2
    recorded.write_text("".join(lines[:cut]))
    shown = cli("show", recorded).out
    assert (
        shown.index("mistype the password") < shown.index("step 3, not ended") < shown.index("user_logged_in")
    )
    assert "user_logged_in" in cli("show", recorded, "--step", "3").out
    found = valid(cli("diff", whole, recorded, "-f", "json").out, "diff")["differences"]
    assert {one["kind"] for one in found} == {"gone", "step", "claim", "count"}
    assert [one["signal"] for one in found if one["step"] == "log in" and one["kind"] == "gone"] == [
        "post_save", "request_finished",
    ]  # fmt: skip
    told = cli("diff", whole, recorded).out
    assert "step gone" not in told
    assert "now:    not claimed" in told


@pytest.mark.parametrize("content", [b"", b"hello\n", b'{"schema": "sigexplorer.trace/2"}', b"\x00" * 99])
def test_bad_files_are_one_line(content: bytes, tmp_path: Path, cli: Cli) -> None:
    """What is no recording is exit 2, one line, nothing on stdout, no output file, the input untouched."""
    file = tmp_path / "odd.jsonl"
    file.write_bytes(content)
    for format_name in FORMATS:
        answer = cli("show", file, "-f", format_name, "-o", tmp_path / "out")
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert cli("diff", file, file).code == 2
    assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


def test_a_wrong_line_in_the_middle_writes_nothing(recorded: Path, cli: Cli) -> None:
    """A line of a wrong type is named by its number, and there is no half-written answer."""
    lines = recorded.read_text().splitlines(keepends=True)
    lines[20] = lines[20].replace('"duration_ns": ', '"duration_ns": "x", "was": ', 1)
    recorded.write_text("".join(lines))
    for format_name in FORMATS:
        answer = cli("show", recorded, "-f", format_name)
        assert (answer.code, answer.out) == (2, "")
        assert "line 21 is wrong: its 'duration_ns' must be a whole number, not a text" in answer.err


def test_folders_and_what_may_not_be_read(tmp_path: Path, cli: Cli) -> None:
    """A folder, a missing file and one without permission are exit 2 and one line."""
    for file in (tmp_path, tmp_path / "missing.jsonl"):
        answer = cli("show", file)
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
        assert "cannot read" in answer.err


def test_a_full_disk_leaves_the_old_file(
    recorded: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that fails half way leaves what was there."""
    target = tmp_path / "out.chrome.json"
    target.write_text("old")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    answer = cli("show", recorded, "-o", target)
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "No space left" in answer.err
    assert target.read_text() == "old"
    assert sorted(tmp_path.iterdir()) == sorted([recorded, target])


@pytest.mark.parametrize("link", [None, "symlink_to", "hardlink_to"])
@pytest.mark.parametrize("command", [["show"], ["diff"]])
def test_what_is_read_is_not_written_over(
    command: list[str], link: str | None, recorded: Path, cli: Cli, tmp_path: Path
) -> None:
    """-o to the recording itself, by whatever name, is refused: it would lose what is filtered away."""
    before, named = recorded.read_bytes(), recorded
    if link is not None:
        named = tmp_path / "other.jsonl"
        getattr(named, link)(recorded)
    files = [recorded] * (2 if command == ["diff"] else 1)
    answer = cli(*command, *files, "-e", "post_save", "-f", "json", "-o", named)
    assert answer.code == 2
    assert "is the recording that is read" in answer.err
    assert recorded.read_bytes() == before


def test_no_room_for_what_waits_is_said(recorded: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes to a terminal or a pipe is kept until it is whole; where there is no room it is one line."""

    class Full(io.StringIO):
        def writelines(self, _: Any) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda *_, **_named: Full())
    answer = cli("show", recorded, "-f", "chrome")
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "No space left" in answer.err


def test_several_traces_are_one_after_the_other(story_cli: Cli, tmp_path: Path, valid: Valid) -> None:
    """A document of several traces shows all of them, or the one that --trace names."""
    for name in ("two.json", "two.jsonl"):
        file = tmp_path / name
        story_cli("scenario", "save-user", "rollback", "-o", file)
        both = story_cli("show", file).out
        assert "scenario save-user" in both
        assert "scenario rollback" in both
        one = story_cli("show", file, "--trace", "2").out
        assert "scenario save-user" not in one
        assert one == story_cli("show", file, "--trace", "*rollback").out
        assert valid(story_cli("show", file, "-f", "json").out, "trace")["schema"] == "sigexplorer.traces/1"


def test_the_last_run_is_kept(story_cli: Cli) -> None:
    """A run is kept for show --last, for its owner alone; --no-keep leaves the one before."""
    story_cli("trigger", "pre_init")
    assert "trigger pre_init" in story_cli("show", "--last").out
    file = keep.file_of_last()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    story_cli("trigger", "post_init", "--no-keep")
    assert "trigger pre_init" in story_cli("show", "--last").out
    # Beside it lies the loops' code wherever this is the first run that needs it.
    assert {each.name for each in file.parent.iterdir()} - {"code"} == {file.name}


def test_what_is_too_long_is_not_kept(story_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is too long is not kept, nor is the one before, which is not the last: both are said."""
    story_cli("trigger", "pre_init")
    with monkeypatch.context() as patch:
        patch.setattr(keep, "LARGEST", 100)
        answer = story_cli("trigger", "post_init")
    assert (answer.code, answer.err.splitlines()[0]) == (0, f"sigexplorer: {keep.TOO_LONG}")
    answer = story_cli("show", "--last")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "the last run was too long to be kept for 'show --last' (over 64 MB)" in answer.err
    story_cli("trigger", "pre_init")
    assert {each.name for each in keep.file_of_last().parent.iterdir()} - {"code"} == {"last.jsonl"}


def test_what_killed_runs_were_about_to_keep_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is a day old nobody writes to any more; and where the last step fails nothing was kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert keep.keep_text(["the last one"])
    file = keep.file_of_last()
    old, new = (file.with_name(f".last.{age}") for age in ("old", "new"))
    old.touch()
    new.touch()
    old.with_name(".last.folder").mkdir()
    os.utime(old.with_name(".last.folder"), ns=(1, 1))
    old.with_name(".last.gone").symlink_to("nowhere")
    os.utime(old, ns=(1, 1))
    with keep.kept(["another"]) as one:
        file.unlink()
        file.mkdir()
    assert not one.is_last
    assert {each.name for each in file.parent.iterdir()} == {
        file.name,
        new.name,
        ".last.folder",
        ".last.gone",
    }


@pytest.mark.parametrize("place", ["file", "forbidden"])
def test_failing_to_keep_fails_nothing(
    place: str, story_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache folder that cannot be made, or written, is no reason to fail or to say anything."""
    folder = tmp_path / place
    if place == "file":
        folder.write_text("")
    else:
        folder = Path("/proc/forbidden")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    answer = story_cli("trigger", "pre_init", "-f", "json")
    assert (answer.code, answer.err) == (0, "")


def test_the_cache_folder_is_where_the_standard_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """XDG_CACHE_HOME where it is absolute, else ~/.cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert keep.file_of_last() == Path("/somewhere/sigexplorer/last.jsonl")
    for odd in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", odd)
        assert keep.file_of_last() == Path.home() / ".cache/sigexplorer/last.jsonl"


@pytest.fixture
def pipe(tmp_path: Path) -> Callable[[bytes], Path]:
    """Return a function that makes a pipe out of which these bytes come, once."""

    def made(content: bytes) -> Path:
        file = tmp_path / f"pipe{len(list(tmp_path.iterdir()))}"
        os.mkfifo(file)
        Thread(target=file.write_bytes, args=[content], daemon=True).start()
        return file

    return made


@pytest.mark.parametrize("options", [[], ["-c"], ["--depth", "1"], ["--step", "log in"], ["-f", "json"]])
def test_a_pipe_is_read(options: list[str], recorded: Path, cli: Cli, pipe: Callable[[bytes], Path]) -> None:
    """A recording may come out of a pipe, although some views read it more than once."""
    assert cli("show", pipe(recorded.read_bytes()), *options) == cli("show", recorded, *options)


def test_diff_of_pipes(recorded: Path, cli: Cli, pipe: Callable[[bytes], Path]) -> None:
    """Both sides of a diff may be pipes, of recordings and of outlines."""
    golden = Path(__file__).parent.parent / "golden" / "scenario-login-flow.txt"
    assert cli("diff", pipe(recorded.read_bytes()), pipe(golden.read_bytes())).code == 0


@pytest.mark.parametrize(("sides", "code"), [("- {}", 0), ("{} -", 0), ("- -", 2)])
def test_diff_of_standard_input(sides: str, code: int, recorded: Path) -> None:
    """A dash is what is piped, on one side."""
    with recorded.open("rb") as stream:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "sigexplorer", "diff", *sides.format(recorded).split()],
            stdin=stream, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == code
    assert done.stdout.startswith("no difference\n") or "'-' is the standard input" in done.stderr


def test_diff_of_two_equal_runs(recorded: Path, story_cli: Cli, tmp_path: Path) -> None:
    """Two runs of the same scenario do not differ: exit 0."""
    other = tmp_path / "other.json"
    story_cli("scenario", "login-flow", "-o", other)
    answer = story_cli("diff", recorded, other)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("no difference\n")


def test_diff_of_two_runs_that_differ(recorded: Path, story_cli: Cli, tmp_path: Path, valid: Valid) -> None:
    """Two runs that differ: exit 1, each difference told; filters choose what is compared."""
    other = tmp_path / "other.jsonl"
    other.write_text(recorded.read_text().replace('"user_logged_in"', '"user_came_in"'))
    answer = story_cli("diff", recorded, other)
    assert answer.code == 1
    assert "user_came_in" in answer.out
    machine = story_cli("diff", recorded, other, "-f", "json")
    assert machine.code == 1
    found = valid(machine.out, "diff")["differences"]
    assert {(each["kind"], each["signal"]) for each in found} == {
        ("new", "user_came_in"),
        ("gone", "user_logged_in"),
    }
    assert story_cli("diff", recorded, other, "-e", "%save").code == 0
    assert story_cli("diff", recorded, other, "-f", "markdown").out.startswith("# 2 differences")


def test_diff_of_golden_outlines(recorded: Path, story_cli: Cli, tmp_path: Path) -> None:
    """A golden outline can stand on either side; one of another kind is said to be one."""
    golden = Path(__file__).parent.parent / "golden" / "scenario-login-flow.txt"
    other = golden.with_name("scenario-bulk-operations.txt")
    assert story_cli("diff", golden, recorded).code == 0
    assert story_cli("diff", recorded, golden).code == 0
    assert story_cli("diff", golden, other).code == 1
    assert story_cli("diff", golden, other, "--times").code == 2
    bare = tmp_path / "bare.txt"
    bare.write_text("# bare\n  pre_save auth.User\n")
    assert "one has steps and the other has none" in story_cli("diff", bare, golden).err


def test_diff_with_times(recorded: Path, cli: Cli, tmp_path: Path, valid: Valid) -> None:
    """With --times a receiver that became slower is a difference; -a and -b add recordings, each once."""
    slow = tmp_path / "slow.jsonl"
    lines = [json.loads(line) for line in recorded.read_text().splitlines()]
    for line in lines:
        for call in line.get("calls", ()):
            call["duration_ns"] = call["duration_ns"] * 50 + 5_000_000
    slow.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert cli("diff", recorded, slow).code == 0
    answer = cli("diff", recorded, slow, "--times", "-f", "json")
    again = cli(
        "diff",
        recorded,
        slow,
        "--times",
        "-a",
        recorded,
        "-b",
        slow,
        "-a",
        recorded,
        "-b",
        slow,
        "-f",
        "json",
    )
    assert (again.code, again.out) == (answer.code, answer.out) == (1, answer.out)
    assert again.err.count("holds a run that was given before: it counts once") == 4
    found = valid(answer.out, "diff")
    assert found["differences"] == []
    assert "django.db.close_old_connections" in {each["receiver"] for each in found["slower"]}
    assert cli("diff", recorded, recorded, "--times").code == 0
    assert cli("diff", recorded, slow, "-a", recorded).code == 2


def test_without_permission(recorded: Path) -> None:
    """A recording that the user may not read is exit 2 and one line."""
    recorded.chmod(0)
    answer = sigexplorer("show", str(recorded), preexec_fn=unprivileged())
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "permission denied" in answer.err.lower()
