"""Stories on a real PostgreSQL server, and what is left there: nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from postgres_server import PASSWORD, Server, missing, running
from stories import STORIES
from test_playground_elsewhere import named, play_in

from sigexplorer.errors import DatabaseUrlError
from sigexplorer.model import SECRET
from sigexplorer.playground import elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(missing() is not None, reason=str(missing()))]


@pytest.fixture(scope="module")
def _server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def server(_server: Server, playground: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Return a server without any database, that is to have none in the end."""
    assert playground
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    yield _server
    left = _server.databases()
    for name in left:
        _server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    assert left == set()


def sigexplorer(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "sigexplorer", *arguments],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("listen", [True, False], ids=["listening", "watching"])
def test_claims_hold(server: Server, listen: bool) -> None:  # noqa: FBT001 - a parameter
    """Every trigger and scenario does there what it does in memory."""
    traces = play_in(server.url("shop"), *STORIES, listen=listen)
    assert [(trace.run.title, claim) for trace in traces for claim in trace.claims if not claim.held] == []
    vendors = (("default", "postgresql"), ("archive", "postgresql"))
    assert {trace.run.databases for trace in traces} == {vendors}


def test_every_trigger_and_the_transactions_by_command(server: Server) -> None:
    """The command runs all triggers, and the stories about transactions, there."""
    assert sigexplorer("trigger", "--all", "--database", server.socket_url("shop")).returncode == 0
    stories = ("rollback", "two-databases", "delete-cascade")
    done = sigexplorer("scenario", *stories, "--no-listen", "--database", server.url("shop"))
    assert (done.returncode, done.stderr.count("sigexplorer:")) == (0, 0), done.stdout


def test_connection_created_names_the_backend_that_connects(server: Server) -> None:
    """The sender is PostgreSQL's wrapper."""
    (trace,) = play_in(server.url("shop"), named("connection_created"))
    (sent,) = trace.dispatches
    assert sent.sender == "django.db.backends.postgresql.base.DatabaseWrapper"


def test_what_listening_changes_is_the_same_there(server: Server) -> None:
    """Side by side the same signals and writes differ as in SQLite."""
    done = sigexplorer("scenario", "listening", "--compare", "--database", server.url("shop"))
    assert done.returncode == 0, done.stderr
    assert "fast_delete blog.Comment" in done.stdout
    assert "+ BEGIN" in done.stdout


def test_a_name_that_nobody_gave_is_made_up(server: Server) -> None:
    """Without a name the databases get one that is free."""
    (trace,) = play_in(server.url(""), named("save-user"))
    assert trace.held


@pytest.mark.parametrize("there", ["shop", "shop_archive"])
@pytest.mark.parametrize("content", ["", "CREATE TABLE goods AS SELECT 'tea' AS name"], ids=["empty", "full"])
def test_a_database_that_exists_is_left_alone(there: str, content: str, server: Server) -> None:
    """No database that exists is used or dropped, even an empty one, and none is left beside it."""
    server.execute(f"CREATE DATABASE {there} OWNER tester")
    if content:
        server.execute(content, there)
    with pytest.raises(DatabaseUrlError, match=f"'{there}' exists already"):
        play_in(server.url("shop"), named("save-user"))
    assert server.databases() == {there}
    tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", there)
    assert tables == ([("goods",)] if content else [])
    server.execute(f"DROP DATABASE {there}")


def test_what_a_killed_run_left_is_told(server: Server) -> None:
    """Its databases are named with how to remove them, whether the name is wanted or another; they stay."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", INTERRUPTED, str(int(signal.SIGKILL)), "scenario", "rollback", "--database",
         server.url("shop")],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    while server.execute("SELECT 1 FROM pg_stat_activity WHERE datname LIKE 'shop%'"):
        pass  # the server has yet to see that nobody is there
    drops = 'DROP DATABASE "shop"; DROP DATABASE "shop_archive"'
    with pytest.raises(DatabaseUrlError, match="a run of sigexplorer that was killed left it") as caught:
        play_in(server.url("shop"), named("save-user"))
    assert caught.value.hint == f"name another one, or: {drops}"
    done = sigexplorer("trigger", "pre_save", "--database", server.url("other"))
    assert (done.returncode, done.stderr.count(drops)) == (0, 1), done.stderr
    assert server.databases() == {"shop", "shop_archive"}
    for name in server.databases():
        server.execute(f"DROP DATABASE {name}")


def test_two_runs_of_one_name_are_one_line(server: Server) -> None:
    """Whoever comes second is told, whether the first is still making its databases or uses them."""
    from sigexplorer.playground import runs

    with (
        runs.open_playground(listen=False, database=server.url("shop")),
        pytest.raises(DatabaseUrlError, match="'shop' exists already: another run of sigexplorer uses it"),
    ):
        elsewhere.databases_at(server.url("shop")).open()
    making = [subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "sigexplorer", "trigger", "pre_save", "--database", server.url("shop")],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) for _ in range(3)]  # fmt: skip
    told = [process.communicate(timeout=60)[1] for process in making]
    for process, text in zip(making, told, strict=True):
        assert process.returncode in {0, 2}
        assert process.returncode == 0 or "'shop' exists already" in text or "'shop_archive' exists" in text
        assert process.returncode == 0 or len(text.splitlines()) == 1


def test_a_server_that_dies_loses_nothing_that_was_told(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was proven is shown, the rest is not tried, which one line says with the reason."""
    from sigexplorer.cli.run import run
    from sigexplorer.playground import postgres
    from sigexplorer.playground.scenarios import transactions

    def story(step: Any) -> None:
        with step("the only step"):
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'shop%'"
            )
            monkeypatch.setattr(postgres.PostgresDatabases, "_drop", _refuse)

    def _refuse(self: Any, _server: object) -> None:
        raise self._refused("cannot drop it", OSError("the server is shutting down"))

    monkeypatch.setattr(transactions, "rollback", story)
    code = run(["scenario", "save-user", "rollback", "saving", "--database", server.url("shop")])
    out, err = capsys.readouterr()
    assert code == 2
    assert "held    a new row has created=True" in out
    assert "FAILED" not in out
    assert "2 of 2 runs held" in out
    assert "sigexplorer: cannot use the database: " in err
    assert "; 1 run was not tried, which proves nothing of them; cannot drop it: the server is" in err
    assert err.count("\n") == 1
    for name in server.databases():
        server.execute(f"DROP DATABASE {name}")


def test_a_role_without_the_usual_databases_uses_others(server: Server) -> None:
    """Who may not connect to 'postgres' uses 'template1', and who may connect to nothing is told so."""
    server.execute("REVOKE CONNECT ON DATABASE postgres FROM public")
    try:
        (trace,) = play_in(server.url("shop"), named("save-user"))
        assert trace.held
        server.execute("REVOKE CONNECT ON DATABASE template1 FROM public")
        with pytest.raises(DatabaseUrlError, match="none of 'postgres', 'template1', 'shop'"):
            play_in(server.url("shop"), named("save-user"))
    finally:
        server.execute("GRANT CONNECT ON DATABASE postgres, template1 TO public")


def test_a_hostile_name_is_a_name(server: Server) -> None:
    """Quotes and semicolons are part of the name."""
    (trace,) = play_in(server.url("a%22%3B%20DROP%20DATABASE%20postgres%3B%20--"), named("save-user"))
    assert trace.held


WRONG = "not-the-right-one"


@pytest.mark.parametrize("options", [[], ["--debug"]], ids=["plain", "debug"])
def test_a_wrong_password_is_one_line_without_it(options: list[str], server: Server) -> None:
    """What the server says is said, and no password is in it, even in a traceback."""
    done = sigexplorer(*options, "trigger", "pre_save", "--database", server.url("shop", WRONG))
    assert (done.returncode, done.stdout) == (2, "")
    assert "password authentication failed" in done.stderr
    assert WRONG not in done.stderr
    if not options:
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("place", ["PGPASSWORD", "PGPASSFILE"])
def test_a_password_comes_from_where_libpq_looks(place: str, server: Server, tmp_path: Path) -> None:
    """A URL without a password uses that of the environment or of a password file."""
    file = tmp_path / "pgpass"
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    file.write_text(f"127.0.0.1:{server.port}:*:tester:{escaped}\n")
    file.chmod(0o600)
    told = {"PGPASSWORD": PASSWORD, "PGPASSFILE": str(file)}
    url = server.url("shop", None)
    assert sigexplorer("trigger", "pre_save", "--database", url).returncode == 2
    done = sigexplorer("trigger", "pre_save", "--database", url, env={place: told[place]})
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize("form", ["table", "json", "html", "markdown"])
def test_the_password_is_in_no_answer(form: str, server: Server) -> None:
    """Titles, records and errors have no password, whoever puts it there."""
    program = (
        "import sys\n"
        "from sigexplorer.cli.run import run\n"
        "from sigexplorer.playground import runs\n"
        "def story(step):\n"
        "    from django.db import connection\n"
        "    secret = connection.settings_dict['PASSWORD']\n"
        "    with step(f'connected with {secret}'):\n"
        "        pass\n"
        "    raise ValueError(f'connection failed: password={secret} {secret}')\n"
        "runs.scenario_code = lambda scenario: story\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", program, "scenario", "rollback", "-v", "-s", "1000", "-f", form, "--database",
         server.url("shop")],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    assert SECRET in done.stdout.replace("\\", "") or form == "html"


INTERRUPTED = """
import os, sys
from sigexplorer.cli.run import run
from sigexplorer.playground import runs
def story(step):
    from django.db import connection, connections
    with step("the only step"):
        connection.cursor().execute("SELECT 1")
        connections.create_connection("default").connect()  # that nobody closes
        os.kill(os.getpid(), int(sys.argv[1]))
runs.scenario_code = lambda scenario: story
sys.exit(run(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP)],
    ids=["SIGINT", "SIGTERM", "SIGHUP"],
)
def test_an_interrupted_run_leaves_no_database(number: int, code: int, server: Server) -> None:
    """Ctrl-C, a kill and a hangup drop what was made, whoever is still connected."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", INTERRUPTED, str(int(number)), "scenario", "rollback", "--database",
         server.url("shop")],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert server.databases() == set()


def test_a_role_that_may_not_make_databases_is_told_so(server: Server) -> None:
    """What the server refuses is one line."""
    server.execute("CREATE ROLE guest LOGIN")
    url = server.socket_url("shop").replace("tester", "guest")
    with pytest.raises(DatabaseUrlError, match="permission denied to create database"):
        play_in(url, named("save-user"))
    server.execute("DROP ROLE guest")


def test_a_database_dropped_meanwhile_is_no_error(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever drops the database before us, and makes another one of that name, keeps it."""
    from sigexplorer.playground.scenarios import saving

    def story(step: Any) -> None:
        with step("the only step"):
            server.execute("DROP DATABASE shop WITH (FORCE)")
            server.execute("CREATE DATABASE shop")

    monkeypatch.setattr(saving, "save_user", story)
    play_in(server.url("shop"), named("save-user"))
    assert server.databases() == {"shop"}
    server.execute("DROP DATABASE shop")


def test_test_databases_of_django_replace_nobodys(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a story lets Django's test runner make has a name of ours, and is dropped if the story is not."""
    from sigexplorer.playground.scenarios import saving

    seen: set[str] = set()

    def story(step: Any) -> None:
        from django.test.runner import DiscoverRunner

        with step("the only step"):
            DiscoverRunner(verbosity=0, interactive=False).setup_databases(aliases={"default"})
            seen.update(server.databases())
            raise KeyboardInterrupt

    server.execute("CREATE DATABASE test_shop")
    server.execute("CREATE TABLE goods AS SELECT 'tea' AS name", "test_shop")
    monkeypatch.setattr(saving, "save_user", story)
    play_in(server.url("shop"), named("save-user"))
    assert len(seen) == 4
    assert server.databases() == {"test_shop"}
    assert server.execute("SELECT name FROM goods", "test_shop") == [("tea",)]
    server.execute("DROP DATABASE test_shop")
