"""Copies of the bundled project, and the commands that run in them.

The project runs in processes of its own: it is a Django project, and these tests are none.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "demo_project"
PROGRAMS = Path(__file__).resolve().parent / "programs"
TIMEOUT_SECONDS = 60

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def clean_environment() -> dict[str, str]:
    """Return the environment without what leads elsewhere, and with every warning an error."""
    foreign = {"DJANGO_SETTINGS_MODULE", "PYTHONPATH", "FORCE_COLOR", "DJANGO_RUNSERVER_HIDE_WARNING"}
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "error"}


def copy_project(folder: Path) -> Path:
    """Copy the project into ``folder``, under a name that no import may rely on."""
    ignored = shutil.ignore_patterns("__pycache__", "*.sqlite3")
    return shutil.copytree(SOURCE, folder / "a blog", ignore=ignored)


def run_in(project: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in ``project``."""
    return subprocess.run(  # noqa: S603 - our own programs
        [sys.executable, *map(str, arguments)],
        cwd=project,
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a fresh copy of the project."""
    return copy_project(tmp_path)


@pytest.fixture(scope="session")
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy whose database is migrated, to be copied and not used."""
    project = copy_project(tmp_path_factory.mktemp("migrated"))
    done = run_in(project, "manage.py", "migrate", "--verbosity=0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return project


@pytest.fixture
def migrated(tmp_path: Path, migrated_once: Path) -> Path:
    """Return a fresh copy of the project with a migrated database."""
    return shutil.copytree(migrated_once, tmp_path / "a migrated blog")


@pytest.fixture
def manage() -> Run:
    """Return a function that runs one ``manage.py`` command, which must succeed."""

    def run(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        done = run_in(project, "manage.py", *arguments, **environment)
        assert done.returncode == 0, done.stderr + done.stdout
        return done

    return run


@pytest.fixture
def program() -> Run:
    """Return a function that runs one of ``programs/`` in a project and returns what it printed."""

    def run(project: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = run_in(project, PROGRAMS / name, *arguments, PYTHONPATH=str(project))
        assert done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, migrated_once: Path) -> Iterator[str]:
    """Run ``runserver`` on a port that the system chooses; superuser "ada", password "lovelace"."""
    project = shutil.copytree(migrated_once, tmp_path_factory.mktemp("served") / "a migrated blog")
    command = ("createsuperuser", "--no-input", "--username=ada", "--email=ada@example.com")
    done = run_in(project, "manage.py", *command, DJANGO_SUPERUSER_PASSWORD="lovelace")  # noqa: S106
    assert done.returncode == 0, done.stderr
    with subprocess.Popen(
        [sys.executable, "manage.py", "runserver", "--noreload", "127.0.0.1:0"],
        cwd=project,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        # Reading blocks until the server has bound its port; the timer ends a server that never does.
        guard = threading.Timer(TIMEOUT_SECONDS, server.kill)
        guard.start()
        try:
            yield read_address(server)
        finally:
            server.terminate()
            server.wait(TIMEOUT_SECONDS)
            guard.cancel()


def read_address(server: subprocess.Popen[str]) -> str:
    """Return the address that ``runserver`` prints once it listens."""
    assert server.stdout is not None
    printed = ""
    for line in server.stdout:
        printed += line
        if found := re.search(r"http://127\.0\.0\.1:[1-9]\d*", line):
            return found[0]
    pytest.fail(f"runserver ended before it listened: {printed}")
