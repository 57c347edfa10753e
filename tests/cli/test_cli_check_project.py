"""``sigexplorer check`` with a project: what the source does not say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from forks import forked
from processes import Answer, sigexplorer

SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
"""
MANAGE = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")\n'
MODELS = """
from django.contrib.auth.models import AbstractUser
from django.db import models

class Order(models.Model):
    number = models.IntegerField()

class Line(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE)

class Draft(Order):
    class Meta:
        proxy = True
"""
APPS = """
from django.apps import AppConfig
from django.db.models import signals

class ShopConfig(AppConfig):
    name = "shop"

    def ready(self):
        from shop import handlers
        for name in ("post_save",):
            getattr(signals, name).connect(handlers.dynamic, sender=self.get_model("Order"))
"""
HANDLERS = """
from django.apps import apps
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

def dynamic(sender, instance):
    print(instance)

@receiver(post_delete)
def everything(sender, **kwargs):
    print(sender)

@receiver(post_save, sender="shop.Odrer")
def typo(sender, **kwargs):
    print(sender)

@receiver(post_save, sender="nowhere.Order")
def no_app(sender, **kwargs):
    print(sender)

@receiver(post_save, sender=apps.get_app_config("shop").name and "shop.Order")
def lazily(sender, **kwargs):
    print(sender)
"""
FORGOTTEN = """
from django.db.models.signals import post_save
from django.dispatch import receiver

@receiver(post_save, sender="shop.Order")
def forgotten(sender, **kwargs):
    print(sender)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a small project with what only its running shows."""
    files = {
        "site_settings.py": SETTINGS,
        "manage.py": MANAGE,
        "shop/__init__.py": "",
        "shop/models.py": MODELS,
        "shop/apps.py": APPS,
        "shop/handlers.py": HANDLERS,
        "shop/listeners.py": FORGOTTEN,
        "shop/views.py": "def view(request):\n    from shop import listeners\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def findings(answer: Answer) -> dict[tuple[str, str], str]:
    """Return the messages by code and receiver."""
    document: Any = json.loads(answer.out)
    return {
        (one["code"], (one["receiver"] or "").rpartition(".")[2]): one["message"]
        for one in document["findings"]
    }


def test_a_project_shows_what_its_source_does_not(project: Path) -> None:
    """Registrations, models and modules of the running project are known to the rules."""
    source = findings(forked("check", "shop", "-f", "json", cwd=project))
    both = findings(forked("check", "-f", "json", cwd=project))
    assert ("SX003", "dynamic") not in source
    assert ("SX003", "dynamic") in both
    assert "shop.Line" in both["SX029", "everything"]
    assert "shop.Line" not in source["SX029", "everything"]
    assert both["SX024", "typo"].endswith("no model is called 'shop.Odrer' (nearest: Order, Draft, Line)")
    assert ("SX001", "typo") not in both  # SX024 says why
    assert ("SX024", "no_app") in both
    assert ("SX024", "no_app") not in source
    assert both["SX022", "lazily"] == "lazily does not hear Draft: only Order itself matches"
    assert ("SX001", "forgotten") not in source  # a view imports it
    assert both["SX001", "forgotten"].endswith("set up: it starts without importing shop.listeners")


def test_where_the_project_comes_from(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """manage.py, the environment or --settings name it; a path alone starts nothing."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    by_option = forked(
        "check", "-f", "json", "--settings", "site_settings", "--pythonpath", str(project), cwd=elsewhere
    )
    assert ("SX003", "dynamic") in findings(by_option)
    by_variable = forked(
        "check", "shop", "-f", "json", cwd=project, env={"DJANGO_SETTINGS_MODULE": "site_settings"}
    )
    assert ("SX003", "dynamic") in findings(by_variable)
    source_only = forked(
        "check", "--source-only", "-f", "json", cwd=project, env={"DJANGO_SETTINGS_MODULE": "site_settings"}
    )
    assert ("SX003", "dynamic") not in findings(source_only)


def test_a_project_that_does_not_start(project: Path) -> None:
    """Its source is checked and shown all the same; where nothing is found there, it is an error."""
    (project / "shop" / "models.py").write_text("raise ImportError('broken')")
    asked = forked("check", "--settings", "site_settings", "-f", "json", cwd=project)
    assert asked.code == 1
    assert ("SX029", "everything") in findings(asked)
    assert "source only: the project of 'site_settings' cannot be set up" in asked.err
    assert asked.err.strip().count("\n") == 0
    clean = forked("check", "shop/views.py", "--settings", "site_settings", cwd=project)
    assert (clean.code, clean.out) == (2, "")
    assert "cannot be set up" in clean.err
    unknown = forked("check", "--settings", "no.such.settings", cwd=project)
    assert (unknown.code, unknown.err.count("\n")) == (2, 1)
    assert "no settings module 'no.such.settings': 'no' is neither in" in unknown.err
    environment = {"DJANGO_SETTINGS_MODULE": "site_settings"}
    found = forked("check", "shop/handlers.py", "-f", "json", cwd=project, env=environment)
    assert found.code == 1
    assert "source only: the project of 'site_settings' cannot be set up" in found.err
    assert ("SX029", "everything") in findings(found)


def test_the_mistake_that_keeps_a_project_from_starting_is_found(project: Path) -> None:
    """With DEBUG on Django refuses a receiver without **kwargs while it starts: check says which."""
    (project / "site_settings.py").write_text(f"{SETTINGS}\nDEBUG = True\n")
    (project / "shop" / "apps.py").write_text(
        "from django.apps import AppConfig\nfrom django.db.models.signals import post_save\n\n"
        "class ShopConfig(AppConfig):\n    name = 'shop'\n\n    def ready(self):\n"
        "        from shop import handlers\n        post_save.connect(handlers.dynamic)\n"
    )
    found = forked("check", "-f", "json", cwd=project)
    assert found.code == 1
    assert ("SX003", "dynamic") in findings(found)
    assert "source only: the project of 'site_settings' cannot be set up: ValueError" in found.err


def test_the_bundled_project() -> None:
    """The demo has no error, and one mistake on purpose: a receiver for a model with a proxy and a child."""
    answer = sigexplorer("check", "--demo", "--level", "error")
    assert (answer.code, answer.err) == (0, "")
    lesson = forked("check", "--demo", "-f", "json", "--level", "warning")
    assert lesson.code == 1
    assert findings(lesson).keys() == {("SX022", "write_audit_entry"), ("SX022", "reindex")}


def test_two_names_for_one_file(project: Path) -> None:
    """A file that is imported under two names connects its receivers twice."""
    (project / "shop" / "listeners.py").write_text(FORGOTTEN)
    (project / "shop" / "apps.py").write_text(
        "import sys\nfrom pathlib import Path\nfrom django.apps import AppConfig\n\n"
        "class ShopConfig(AppConfig):\n    name = 'shop'\n\n    def ready(self):\n"
        "        from shop import listeners\n"
        "        sys.path.append(str(Path(__file__).parent))\n        import listeners\n"
    )
    found = findings(forked("check", "-f", "json", cwd=project))
    assert found["SX009", "forgotten"].endswith("imported as listeners and shop.listeners")
