"""Stories in a database that is made for them: SQLite files, and whatever cannot be used."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from stories import STORIES, Story
from test_playground_leaves_nothing import PLACES

from sigexplorer.catalog import find
from sigexplorer.errors import DatabaseUrlError, SigexplorerError
from sigexplorer.playground import elsewhere, postgres, scenarios

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sigexplorer.model import Trace


def play_in(url: str, *stories: Story, listen: bool = True) -> list[Trace]:
    """Run stories in the database that ``url`` says."""
    from sigexplorer.playground import runs

    with runs.open_playground(listen=listen, database=url):
        return [
            runs.run_trigger(find(story.name))
            if story.kind == "trigger"
            else runs.run_scenario(scenarios.find(story.name))
            for story in stories
        ]


def named(name: str) -> Story:
    """Return the story of that name."""
    return next(story for story in STORIES if story.name == name)


@pytest.fixture
def folder(tmp_path: Path, playground: object) -> Iterator[Path]:
    """Return an empty folder that is to be empty again in the end."""
    assert playground
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_claims_hold_in_a_file(folder: Path) -> None:
    """Every trigger and scenario does in a file what it does in memory."""
    traces = play_in(f"sqlite:///{folder}/rows.sqlite3", *STORIES)
    assert [(trace.run.title, claim) for trace in traces for claim in trace.claims if not claim.held] == []
    assert {trace.run.databases for trace in traces} == {(("default", "sqlite"), ("archive", "sqlite"))}


def test_rows_are_in_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Meanwhile both files are there, readable by nobody else, and connections lead to them."""
    from sigexplorer.playground.scenarios import saving

    seen: dict[str, Any] = {}

    def look(step: Any) -> None:
        from django.conf import settings
        from django.db import connections

        with step("look"):
            seen["names"] = [connections[alias].settings_dict["NAME"] for alias in connections]
            seen["settings"] = [each["NAME"] for each in settings.DATABASES.values()]
            seen["files"] = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}

    monkeypatch.setattr(saving, "save_user", look)
    play_in(f"sqlite:///{folder}/rows.sqlite3", named("save-user"))
    files = ["rows.sqlite3", "rows.sqlite3_archive"]
    assert seen["names"] == seen["settings"] == [str(folder / file) for file in files]
    assert {name: mode for name, mode in seen["files"].items() if name in files} == dict.fromkeys(
        files, 0o600
    )


def test_without_a_path_the_file_is_a_temporary_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that nobody named is made where temporary files are, and removed."""
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    (trace,) = play_in("sqlite://", named("connection_created"))
    assert trace.held


def test_nothing_is_changed_in_the_process(folder: Path) -> None:
    """Settings, connections, handlers and files are those that were there before."""
    from django.db import connections

    def look() -> dict[str, object]:
        told = {name: place() for name, place in PLACES.items() if name != "open files"}
        return told | {
            "connections": [id(wrapper) for wrapper in connections.all()],
            "names": connections.settings,
        }

    play_in("sqlite://", named("save-user"))  # what is imported by the first run
    before = look()
    play_in(f"sqlite:///{folder}/rows.sqlite3", named("save-user"))
    assert look() == before


@pytest.mark.parametrize(
    "there", ["rows.sqlite3", "rows.sqlite3_archive", "rows.sqlite3-wal", "rows.sqlite3_archive-journal"]
)
def test_a_file_that_is_there_is_left_alone(there: str, tmp_path: Path, playground: object) -> None:
    """No file that exists is used or removed, even an empty one, and none is made beside it."""
    assert playground
    for content in (b"", b"SQLite format 3\x00 and somebody's rows"):
        (tmp_path / there).write_bytes(content)
        with pytest.raises(DatabaseUrlError, match="is there already"):
            play_in(f"sqlite:///{tmp_path}/rows.sqlite3", named("save-user"))
        assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {there: content}


def test_a_link_is_not_followed(tmp_path: Path, playground: object) -> None:
    """A link that leads nowhere yet is a file that is there."""
    assert playground
    (tmp_path / "rows.sqlite3").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatabaseUrlError, match="is there already"):
        play_in(f"sqlite:///{tmp_path}/rows.sqlite3", named("save-user"))
    assert [file.name for file in tmp_path.iterdir()] == ["rows.sqlite3"]


def test_a_folder_that_is_not_there_is_said_to_be(playground: object) -> None:
    """A path that cannot be made is one line, which tells how absolute paths are written."""
    assert playground
    with pytest.raises(DatabaseUrlError, match="No such file or directory") as raised:
        play_in("sqlite:///no/such/rows.sqlite3", named("save-user"))
    assert "four slashes" in raised.value.hint


def test_a_file_that_somebody_put_in_its_place_is_kept(
    tmp_path: Path, playground: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the very file that was made is removed."""
    from sigexplorer.playground.scenarios import saving

    assert playground

    def replace(step: Any) -> None:
        with step("put another file there"):
            (tmp_path / "mine").write_text("mine")
            (tmp_path / "mine").replace(tmp_path / "rows.sqlite3")

    monkeypatch.setattr(saving, "save_user", replace)
    play_in(f"sqlite:///{tmp_path}/rows.sqlite3", named("save-user"))
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"rows.sqlite3": "mine"}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_interrupted_run_leaves_nothing(
    number: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the files are made, in a story or while they are removed: nothing is left."""
    made: list[object] = []
    original = elsewhere.os.open if number == 1 else Path.unlink

    def interrupted(*arguments: Any, **named_ones: Any) -> Any:
        answer = original(*arguments, **named_ones) if number == 1 else None
        if len(made) < number:
            made.append(answer)
            elsewhere.os.kill(os.getpid(), 2)
        return answer if number == 1 else original(*arguments, **named_ones)

    def story(step: Any) -> None:
        with step("the only step"):
            if number == 2:
                raise KeyboardInterrupt

    from sigexplorer.playground.scenarios import saving

    monkeypatch.setattr(saving, "save_user", story)
    if number == 1:
        monkeypatch.setattr(elsewhere.os, "open", interrupted)
    elif number == 3:
        monkeypatch.setattr(Path, "unlink", interrupted)
    url = f"sqlite:///{folder}/rows.sqlite3"
    if number == 2:
        (trace,) = play_in(url, named("save-user"))
        assert not trace.run.complete
    else:
        with pytest.raises(KeyboardInterrupt):
            play_in(url, named("save-user"))
        assert made


def test_without_its_driver_postgresql_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where psycopg is missing the extra is named that brings it."""

    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(postgres, "import_module", missing)
    with pytest.raises(SigexplorerError, match="psycopg 3") as raised:
        elsewhere.databases_at("postgresql://host/shop")
    assert "sigexplorer[postgres]" in raised.value.hint


def test_connection_created_names_the_backend_that_connects(folder: Path) -> None:
    """The sender is the wrapper of the database that was asked for."""
    (trace,) = play_in(f"sqlite:///{folder}/rows.sqlite3", named("connection_created"))
    (sent,) = trace.dispatches
    assert sent.sender == "django.db.backends.sqlite3.base.DatabaseWrapper"
