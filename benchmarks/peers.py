"""Others who look at signals, in an environment of their own."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.measuring import ROOT

#: Where they are installed, unless another place is named.
PLACE = ROOT / ".benchmarks-venv"

PACKAGES = ("sentry-sdk", "opentelemetry-sdk", "viztracer", "django-extensions")


def python_of(place: Path) -> str | None:
    """Return the Python of that environment, None where there is none."""
    for inside in ("bin/python", "Scripts/python.exe"):
        if (place / inside).exists():
            return str(place / inside)
    return None


def install(place: Path) -> None:
    """Make the environment: the peers, and the Django, Typer and Rich that are measured."""
    from importlib.metadata import version

    venv.create(place, with_pip=True)
    ours = [f"{name}=={version(name)}" for name in ("django", "typer", "rich")]
    python = python_of(place) or sys.executable
    subprocess.run([python, "-m", "pip", "install", "--quiet", *ours, *PACKAGES], check=True)  # noqa: S603
