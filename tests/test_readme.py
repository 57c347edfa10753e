"""The README is true: its commands run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from forks import forked
from processes import Answer, sigexplorer

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

#: What the README shows being typed, block by block.
BLOCKS = [
    commands
    for block in re.findall(r"```console\n(.+?)\n```", README, re.DOTALL)
    if (commands := re.findall(r"^\$ (sigexplorer [^#\n]+)", block, re.MULTILINE))
]

#: Every other command of ours that the README names, without the two that install it.
COMMANDS = sorted(
    set(re.findall(r"`(sigexplorer [^`]+)`", README)) - {each.strip() for block in BLOCKS for each in block}
)

#: The files of Python that the README shows, by the name in their first line.
WRITTEN = dict(re.findall(r"```python\n# (\w+\.py)\n(.+?)```", README, re.DOTALL))

#: Commands that end with 1 where there is something to tell.
TELLING = {"check", "diff"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with a project of somebody's, with settings and the files that the README shows."""
    ignored = shutil.ignore_patterns("__pycache__", "*.sqlite3")
    folder = Path(shutil.copytree(ROOT / "demo_project", tmp_path / "project", ignore=ignored))
    (folder / "mysite").mkdir()
    for name, text in WRITTEN.items():
        (folder / name).write_text(text, encoding="utf-8")
    settings = "SECRET_KEY = 'x'\nINSTALLED_APPS = ['django.contrib.contenttypes', 'django.contrib.auth']\n"
    (folder / "mysite" / "settings.py").write_text(settings, encoding="utf-8")
    return folder


def run(command: str, folder: Path) -> Answer:
    """Type a command; what runs programs of its own begins as a process does, the others as a fork."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    words = shlex.split(command)[1:]
    ask = sigexplorer if "--" in words else forked
    done = ask(*words, cwd=folder, env={"PATH": path})
    assert done.code in ({0, 1} if words[0] in TELLING else {0}), done.err
    return done


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_runs(command: str, project: Path) -> None:
    """Each command that the README names succeeds, in somebody's project."""
    done = run(command, project)
    assert done.out or " lock" in command


@pytest.mark.parametrize("commands", BLOCKS, ids=lambda commands: commands[0])
def test_a_session_of_the_readme_runs(commands: list[str], project: Path) -> None:
    """What the README shows being typed, one after the other, works as it stands there."""
    for command in commands:
        run(command, project)


def test_the_readme_starts_with_two_commands() -> None:
    """The first console block installs and runs the main job, the second installs and tests."""
    first, second = re.findall(r"```console\n(.+?)\n```", README)[:2]
    assert first.endswith("sigexplorer scenario login-flow")
    assert second.endswith("-m pytest")
