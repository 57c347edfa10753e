"""Runs of pytest in processes of their own, with the plugin, over a small project."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]

MODELS = """
from django.db import models, transaction
from django.db.models.signals import post_save
from django.dispatch import Signal, receiver

paid = Signal()
told = []

class Order(models.Model):
    title = models.CharField(max_length=20)

@receiver(post_save, sender=Order)
def on_order(sender, instance, **kwargs):
    transaction.on_commit(lambda: paid.send(Order, order=instance))

@receiver(paid)
def on_paid(order, **kwargs):
    told.append(order.title)
"""

SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""

#: Without pytest-django a conftest sets Django up and makes the tables, as many projects do.
CONFTEST = """
import os
import pytest

def pytest_configure():
    os.environ["DJANGO_SETTINGS_MODULE"] = "mysite"
    import django
    django.setup()

@pytest.fixture(scope="session")
def tables():
    from django.db import connection
    from shop.models import Order
    with connection.schema_editor() as editor:
        editor.create_model(Order)
"""


class Told(NamedTuple):
    """What a run of several test files told."""

    folder: Path
    out: str
    tests: dict[str, dict[str, list[tuple[str, str]]]]  # by file and name: what became of it, what was said

    def outcomes(self, file: str) -> dict[str, list[str]]:
        """Return what became of each test of a file."""
        return {name: [outcome for outcome, _ in told] for name, told in self.tests[file].items()}

    def said(self, file: str, test: str) -> pytest.LineMatcher:
        """Return what was said of a test that did not pass."""
        [(_, text)] = self.tests[file][test]
        return pytest.LineMatcher(text.splitlines())


#: What every test file begins with.
HEAD = """\
import pytest
from django.db.models.signals import post_save, pre_save
from shop import models
from shop.models import Order, on_order, on_paid, paid

"""

INI = "[pytest]\naddopts = --strict-markers -p no:cacheprovider\nfilterwarnings = error\npythonpath = .\n"
if find_spec("pytest_asyncio"):  # which else warns
    INI += "asyncio_default_fixture_loop_scope = function\n"


def _settle(patch: pytest.MonkeyPatch) -> None:
    """Have pytest run as it does for somebody who has installed sigexplorer."""
    patch.setenv("PYTHONPATH", str(ROOT))
    patch.setenv("COLUMNS", "160")
    patch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    # Of other plug-ins those that take long to import, and have nothing to do in these runs, are left out.
    options = "-p no:hypothesispytest -p no:pytest_cov"
    if not entry_points(group="pytest11", name="sigexplorer"):
        options += " -p sigexplorer.pytest_plugin"
    patch.setenv("PYTEST_ADDOPTS", options)


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return the same, where pytest runs as it does for somebody who has installed sigexplorer."""
    _settle(monkeypatch)
    pytester.makeini(INI)
    return pytester


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """Return the same, in a Django project."""
    pytester.makepyfile(**{"mysite": SETTINGS, "shop/__init__": "", "shop/models": MODELS})
    pytester.makeconftest(CONFTEST)
    return pytester


@pytest.fixture
def run(project: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Return a function that runs pytest over one test file in the project."""

    def run_tests(code: str, *arguments: str) -> pytest.RunResult:
        project.makepyfile(test_shop=f"{HEAD}{code}")
        return project.runpytest_subprocess(*arguments)

    return run_tests


@pytest.fixture(scope="session")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Told]:
    """Return a function that runs pytest once over several files, and says what became of their tests."""

    def run_files(files: dict[str, str], *arguments: str) -> Told:
        folder = tmp_path_factory.mktemp("project")
        (folder / "shop").mkdir()
        whole = {"mysite.py": SETTINGS, "shop/__init__.py": "", "shop/models.py": MODELS, "tox.ini": INI}
        for name, text in {**whole, "conftest.py": CONFTEST, **files}.items():
            head = HEAD if name.startswith("test_") and name.endswith(".py") else ""
            (folder / name).write_text(f"{head}{textwrap.dedent(text)}", encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            _settle(patch)
            command = [sys.executable, "-m", "pytest", "--junitxml", "told.xml", *arguments]
            done = subprocess.run(  # noqa: S603 - our own tests
                command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
            )
        return Told(folder, done.stdout, _outcomes(folder / "told.xml"))

    return run_files


def _outcomes(file: Path) -> dict[str, dict[str, list[tuple[str, str]]]]:
    """Return by file and test what became of it, and what was said of it: twice where its end failed too."""
    found: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for case in ET.parse(file).iter("testcase"):  # noqa: S314 - written by our own tests
        tests = found.setdefault(case.attrib["classname"].partition(".")[0], {})
        said = [
            (child.tag, child.text or "") for child in case if child.tag in {"failure", "error", "skipped"}
        ]
        tests.setdefault(case.attrib["name"], []).extend(said or [("passed", "")])
    return found
