"""Published apps with receivers of their own: what we list is what stands in ``signal.receivers``.

Needs those apps, which ``.ci/run`` installs into an environment of their own:
``python -m pytest -m published tests/published``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.published

ROOT = Path(__file__).resolve().parents[2]

DJANGO = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
]

#: An app from the package registry: what is installed, and how many receivers it has at least.
APPS: dict[str, tuple[list[str], int]] = {
    "simple_history": (["simple_history", "kept"], 4),
    "allauth": (["allauth", "allauth.account", "allauth.socialaccount", "allauth.usersessions"], 3),
    "wagtail": (
        [
            "wagtail.contrib.forms",
            "wagtail.contrib.redirects",
            "wagtail.contrib.search_promotions",
            "wagtail.embeds",
            "wagtail.sites",
            "wagtail.users",
            "wagtail.snippets",
            "wagtail.documents",
            "wagtail.images",
            "wagtail.search",
            "wagtail.admin",
            "wagtail",
            "modelcluster",
            "taggit",
        ],
        20,
    ),
    "guardian": (["guardian"], 1),
}

SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = {apps!r}
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
STATIC_URL = "static/"
MEDIA_ROOT = "media"
ROOT_URLCONF = "urls"
WAGTAIL_SITE_NAME = "x"
WAGTAILADMIN_BASE_URL = "http://localhost"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    *(["allauth.account.middleware.AccountMiddleware"] if "allauth" in INSTALLED_APPS else []),
]
TEMPLATES = [{{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {{"context_processors": ["django.template.context_processors.request"]}},
}}]
"""

#: A project of one's own that keeps a history.
KEPT = """
from django.db import models
from simple_history.models import HistoricalRecords

class Poll(models.Model):
    question = models.CharField(max_length=200)
    history = HistoricalRecords()
"""

#: Counts what is connected without us: every signal that the garbage collector knows.
COUNT = """
import gc, json, weakref
import django
django.setup()
gc.collect()
from django.dispatch import Signal
from django.db.models import signals as of_models

def live(signal):
    entries = [(entry[1], entry[0][1], entry[-1]) for entry in signal.receivers]
    return [one for one in entries if not (issubclass(type(one[0]), weakref.ref) and one[0]() is None)]

def name(reference):
    found = reference() if issubclass(type(reference), weakref.ref) else reference
    return getattr(found, "__qualname__", None)

found = [one for one in gc.get_objects() if issubclass(type(one), Signal)]
print(json.dumps({
    "counts": sorted(len(live(one)) for one in found if live(one)),
    "every": sum(one[1] == id(None) for signal in found for one in live(signal)),
    "async": sum(one[2] for signal in found for one in live(signal)),
    "of_models": {
        name_: [name(one[0]) for one in live(signal)]
        for name_, signal in vars(of_models).items() if issubclass(type(signal), Signal)
    },
}))
"""


@pytest.fixture(params=APPS)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a project that uses one of the apps."""
    pytest.importorskip(request.param, reason="the published apps are installed by .ci/run")
    apps, _ = APPS[request.param]
    (tmp_path / "site_settings.py").write_text(SETTINGS.format(apps=[*apps, *DJANGO]))
    (tmp_path / "urls.py").write_text("urlpatterns = []\n")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "__init__.py").touch()
    (tmp_path / "kept" / "models.py").write_text(KEPT)
    return tmp_path


def run(project: Path, *arguments: str) -> str:
    """Run Python in a project and return what it printed."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{project}",
        "DJANGO_SETTINGS_MODULE": "site_settings",
        "PYTHONHASHSEED": "0",
    }
    done = subprocess.run(  # noqa: S603 - our own programs
        [sys.executable, *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(project: Path) -> list[dict[str, Any]]:
    """Return what receivers lists."""
    receivers: list[dict[str, Any]] = json.loads(
        run(project, "-m", "sigexplorer", "receivers", "-f", "json")
    )["receivers"]
    return receivers


def test_every_registration_is_listed(project: Path, request: pytest.FixtureRequest) -> None:
    """Signal by signal as many receivers as are connected, for every sender and async as many too."""
    expected = json.loads(run(project, "-c", COUNT))
    alive = [one for one in listed(project) if one["alive"]]
    assert sorted(Counter(one["signal"] for one in alive).values()) == expected["counts"]
    assert sum(one["sender"] is None for one in alive) == expected["every"]
    assert sum(one["async"] for one in alive) == expected["async"]
    _, least = APPS[request.node.callspec.params["project"]]
    assert sum(not one["stock"] for one in alive) >= least


def test_they_are_in_true_order_and_by_their_names(project: Path) -> None:
    """The receivers of the models' signals stand in the order in which they are connected."""
    expected = json.loads(run(project, "-c", COUNT))["of_models"]
    alive = [one for one in listed(project) if one["alive"]]
    for name, qualnames in expected.items():
        ours = [one["receiver"] for one in alive if one["signal"] == f"django.db.models.signals.{name}"]
        assert len(ours) == len(qualnames)
        for receiver, qualname in zip(ours, qualnames, strict=True):
            # Under a decorator, a partial or an object there is another name: its own is ours then.
            assert qualname is None or receiver.endswith(f".{qualname}") or "wrap" in qualname.lower()


def test_everything_is_known_of_each(project: Path) -> None:
    """Where each was connected, its sender and, unless it has none, its source are told."""
    for one in listed(project):
        assert one["connected_at"], one
        assert one["sender"] != "?", one
        assert one["receiver"] != "?", one
        assert not one["signal"].startswith("<"), one


def test_the_lock_holds(project: Path) -> None:
    """What lock writes does not drift from one run to the next."""
    run(project, "-m", "sigexplorer", "lock")
    assert run(project, "-m", "sigexplorer", "lock", "--check").strip().endswith("is as it should be")


def test_every_model_can_be_explained(project: Path) -> None:
    """Of each model what would run can be told, and what is told to run at a save is what is connected."""
    code = (
        "import json; from sigexplorer.project import explain, models, start; from pathlib import Path;"
        "start.start('site_settings', Path()); "
        "told = [explain.explain(model, None) for model in models.all_models()];"
        "print(json.dumps([len(told), sum(len(one) for one in told)]))"
    )
    models, operations = json.loads(run(project, "-c", code))
    assert models
    assert operations >= models * 3
