"""Runs of pytest in processes of their own, with the plugin, over a small project."""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

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


INI = "[pytest]\naddopts = --strict-markers -p no:cacheprovider\nfilterwarnings = error\npythonpath = .\n"
if find_spec("pytest_asyncio"):  # which else warns
    INI += "asyncio_default_fixture_loop_scope = function\n"


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return the same, where pytest runs as it does for somebody who has installed sigexplorer."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    if not entry_points(group="pytest11", name="sigexplorer"):
        monkeypatch.setenv("PYTEST_ADDOPTS", "-p sigexplorer.pytest_plugin")
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
        head = "import pytest\nfrom django.db.models.signals import post_save, pre_save\n"
        head += "from shop import models\nfrom shop.models import Order, on_order, on_paid, paid\n\n"
        project.makepyfile(test_shop=f"{head}{code}")
        return project.runpytest_subprocess(*arguments)

    return run_tests
