"""A PostgreSQL server of our own, started from the server programs of the machine."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "s:cr@t/of?the#test%"  # noqa: S105 - of a server that lives as long as the tests

#: Who the server programs run as where we are root, as whom they refuse.
SERVANT = "postgres"

TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: a password is asked for over TCP, none on the socket."""

    folder: Path  # of its socket
    port: int

    def url(self, name: str, password: str | None = PASSWORD, query: str = "") -> str:
        """Return the URL of a database there, over TCP."""
        secret = "" if password is None else f":{quote(password, safe='')}"
        return f"postgresql://tester{secret}@127.0.0.1:{self.port}/{name}{query}"

    def socket_url(self, name: str) -> str:
        """Return the URL of a database there, on the socket."""
        return f"postgresql://tester@/{name}?host={self.folder}&port={self.port}"

    def execute(self, sql: str, name: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as the administrator."""
        import psycopg

        place = {"host": str(self.folder), "port": self.port, "user": "postgres", "dbname": name}
        with psycopg.connect(**place, autocommit=True) as connection:
            cursor = connection.execute(sql)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def databases(self) -> set[str]:
        """Return the names of the databases that are not there from the beginning."""
        rows = self.execute(
            "SELECT datname FROM pg_database WHERE datname <> 'postgres' AND NOT datistemplate"
        )
        return {name for (name,) in rows}


def programs() -> Path | None:
    """Return the folder of the newest server programs, or None."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    anywhere = shutil.which("initdb")
    return installed[-1].parent if installed else Path(anywhere).resolve().parent if anywhere else None


def missing() -> str | None:
    """Say why no server can be started here; None where one can."""
    if programs() is None:
        return "PostgreSQL's server programs are not installed"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    if os.getuid() == 0:
        try:
            pwd.getpwnam(SERVANT)
        except KeyError:
            return f"PostgreSQL does not run as root, and there is no user {SERVANT}"
    return None


@contextmanager
def running() -> Iterator[Server]:
    """Start a server, and remove it with all its databases."""
    found = programs()
    assert found is not None
    folder = Path(tempfile.mkdtemp(prefix="sigexplorer-pg-"))  # short: the path of a socket has a limit
    try:
        if os.getuid() == 0:
            shutil.chown(folder, SERVANT)
        server = Server(folder, _free_port())
        data, control = str(folder / "data"), str(found / "pg_ctl")
        _run(str(found / "initdb"), "-D", data, "-U", "postgres", "--auth-local=trust",
             "--auth-host=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C")  # fmt: skip
        options = f"-k {folder} -p {server.port} -c listen_addresses=127.0.0.1 -c fsync=off"
        _run(control, "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
        try:
            secret = PASSWORD.replace("'", "''")
            server.execute(f"CREATE ROLE tester LOGIN CREATEDB PASSWORD '{secret}'")
            yield server
        finally:
            _run(control, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str) -> None:
    who: dict[str, Any] = {"user": SERVANT, "group": SERVANT, "extra_groups": []} if os.getuid() == 0 else {}
    subprocess.run(  # noqa: S603 - the programs of the machine
        command, check=True, stdout=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, cwd="/", **who
    )


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port
