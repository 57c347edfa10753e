"""The README is true: its commands run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

#: Every command of ours that the README names, without the two that install it.
COMMANDS = sorted(set(re.findall(r"`(sigexplorer [^`]+)`", README)))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_runs(command: str, tmp_path: Path) -> None:
    """Each command that the README names succeeds, in a folder that knows nothing of it."""
    (tmp_path / "mysite").mkdir()
    settings = "SECRET_KEY = 'x'\nINSTALLED_APPS = ['django.contrib.contenttypes', 'django.contrib.auth']\n"
    (tmp_path / "mysite" / "settings.py").write_text(settings)
    words = shlex.split(command)[1:]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # also where it is not installed
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "sigexplorer", *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_readme_starts_with_two_commands() -> None:
    """The first console block installs and runs the main job, the second installs and tests."""
    first, second = re.findall(r"```console\n(.+?)\n```", README)[:2]
    assert first.endswith("sigexplorer scenario login-flow")
    assert second.endswith("-m pytest")
