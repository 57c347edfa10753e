"""The test suites of published packages: with the plugin, and every test traced, they end as without it.

CI installs the packages, pytest-django and what else the suites need into an environment of
its own; their sources, which have the tests, are downloaded here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path

import pytest

pytestmark = [pytest.mark.published]

ROOT = Path(__file__).resolve().parents[2]

#: django-simple-history has a runner of its own; under pytest its settings are needed all the same.
HISTORY = """
import django
import runtests
from django.conf import settings

def pytest_configure():
    if not settings.configured:
        settings.configure(**runtests.get_default_settings())
        django.setup()
"""

#: By the name of the package: where its tests are, its conftest if it needs one, and options.
SUITES = {
    "django-simple-history": (
        ["simple_history"],
        HISTORY,
        ["-o", "python_files=test_*.py tests.py", "-o", "DJANGO_SETTINGS_MODULE="],
    ),
    "django-guardian": (
        ["guardian/testapp/tests"],
        "",
        ["-k", "test_shortcuts or test_custompkmodel or test_orphans or test_management or test_utils"],
    ),
}

EVERY = ["--signals-report", "--signals-leaks", "--signals-save-failed", "failed"]


@pytest.fixture(scope="module", params=SUITES)
def suite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Return the name of a package and the folder of its source, of the version that is installed."""
    pytest.importorskip("pytest_django", reason="pytest-django is not installed")
    name: str = request.param
    try:
        installed = version(name)
    except PackageNotFoundError:
        pytest.skip(f"{name} is not installed")
    folder = tmp_path_factory.mktemp(name)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*command, f"{name}=={installed}", "--dest", str(folder)], check=True)  # noqa: S603
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        source.extractall(folder, filter="data")
    [unpacked] = [path for path in folder.iterdir() if path.is_dir()]
    if SUITES[name][1]:
        (unpacked / "conftest.py").write_text(SUITES[name][1])
    return name, unpacked


def outcomes(name: str, folder: Path, *arguments: str) -> tuple[list[str], str]:
    """Run a suite and return how each test ended, and all that was said."""
    tests, _, options = SUITES[name]
    foreign = ("PYTEST_", "DJANGO_")
    environment = {key: held for key, held in os.environ.items() if not key.startswith(foreign)}
    quietly = ["-q", "-rA", "--tb=line", "-p", "no:cacheprovider", "-p", "no:asyncio"]
    done = subprocess.run(  # noqa: S603 - a published suite, in its own folder
        [sys.executable, "-m", "pytest", *quietly, *tests, *options, *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    told = re.findall(r"^(?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) \S+", done.stdout, re.MULTILINE)
    return sorted(told), done.stdout + done.stderr


def test_a_suite_ends_the_same_when_every_test_is_traced(suite: tuple[str, Path]) -> None:
    """Test by test the outcome is the same, and the reports have something to say and no problem."""
    name, folder = suite
    installed = bool(entry_points(group="pytest11", name="sigexplorer"))
    without, _ = outcomes(name, folder, *(["-p", "no:sigexplorer"] if installed else []))
    traced, told = outcomes(name, folder, *([] if installed else ["-p", "sigexplorer.pytest_plugin"]), *EVERY)
    assert len(without) > 50
    assert traced == without
    assert "Called: " in told
    assert "signals: leaks" in told
    assert "signals: not all is known" not in told
