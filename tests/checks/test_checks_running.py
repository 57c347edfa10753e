"""What only the running project tells, judged by the same rules, and said once."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from specimen_files import write_files

from sigexplorer.capture.connections import Notes
from sigexplorer.checks import checking
from sigexplorer.checks.configuration import Configuration
from sigexplorer.checks.live import Live

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = """
from django.contrib.auth.models import Group, User
from django.core.signals import request_finished
from django.db.models.signals import post_save

def on(signal, **options):
    def connect(function):
        signal.connect(function, **options)
        return function
    return connect

"""


OBJECT = "class Audit:\n    def __call__(self, sender, **kwargs):\n        print(sender)\n\n"
LOOP = """
for model in (Group, User):
    def note(sender, **kwargs):
        print(sender)
    post_save.connect(note, sender=model)
"""
WRAPPED = """
from functools import wraps

def all_of(function):
    @wraps(function)
    def around(**kwargs):
        return function(kwargs["instance"])
    return around

@on(post_save, sender=Group)
@all_of
def note(instance):
    print(instance)
"""


@pytest.fixture
def started(
    tmp_path: Path, playground: object, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], list[tuple[str, str]]]:
    """Return a function that imports a module of a project, and what is found in it then."""
    from django.core.signals import request_finished
    from django.db.models.signals import post_save

    from sigexplorer.checks import running
    from sigexplorer.project import inventory

    assert playground
    notes = Notes()
    for module in (running, inventory):
        monkeypatch.setattr(module, "NOTES", notes)
    for signal in (post_save, request_finished):
        monkeypatch.setattr(signal, "receivers", list(signal.receivers))
        monkeypatch.setattr(signal, "sender_receivers_cache", type(signal.sender_receivers_cache)())
    monkeypatch.syspath_prepend(str(tmp_path))

    def run(text: str) -> list[tuple[str, str]]:
        name = f"started_{abs(hash(text))}"
        (tmp_path / f"{name}.py").write_text(HEAD + text, encoding="utf-8")
        with notes.watching():
            module: Any = importlib.import_module(name)
        live = running.look()
        found = checking.check(checking.read([tmp_path]), Configuration(), live).findings
        assert sys.modules.pop(name) is module
        return [(one.code, one.message.split(":")[0]) for one in found if one.level == "error"]

    return run


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "@on(post_save, sender=Group)\ndef note(sender, instance):\n    print(instance)\n",
            [("SX003", "note does not take **kwargs")],
        ),
        (
            f"{OBJECT.replace(', **kwargs', '')}one = Audit()\npost_save.connect(one, sender=Group)\n",
            [("SX003", "Audit.__call__ does not take **kwargs")],
        ),
        (
            "@on(post_save, sender=Group)\ndef note(sender, **kwargs):\n    yield sender\n",
            [("SX007", "note is a generator")],
        ),
        (
            "@on(post_save, sender=Group(name='x'))\ndef note(sender, **kwargs):\n    print(sender)\n",
            [("SX026", "note never runs")],
        ),
        (
            "@on(request_finished, sender='auth.User')\ndef note(sender, **kwargs):\n    print(sender)\n",
            [("SX023", "note never runs")],
        ),
        (
            LOOP,
            [("SX004", "note is collected")],
        ),
    ],
    ids=["no-kwargs", "an-object", "generator", "instance", "text", "in-a-loop"],
)
def test_what_only_runs(
    text: str, expected: list[tuple[str, str]], started: Callable[[str], list[tuple[str, str]]]
) -> None:
    """What a decorator of the project's own connects, an object, and what nothing holds is judged."""
    assert started(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        WRAPPED,
        "@on(post_save, sender='auth.Group')\ndef note(sender, **kwargs):\n    print(sender)\n",
        f"{OBJECT}one = Audit()\npost_save.connect(one, sender=Group)\n",
        f"kept = []\n{LOOP}    kept.append(note)\n",
    ],
    ids=["wrapped", "a-label", "an-object", "kept"],
)
def test_what_is_right_there(text: str, started: Callable[[str], list[tuple[str, str]]]) -> None:
    """A wrapper that takes ``**kwargs``, a model by its label and receivers that somebody keeps are clean."""
    assert started(text) == []


def test_it_is_said_once(started: Callable[[str], list[tuple[str, str]]]) -> None:
    """What the source tells is not told again for the registration that it became."""
    text = (
        "post_save.connect(lambda sender, **kwargs: 1, sender=Group)\n"
        "@on(post_save)\ndef one(sender):\n    pass\n"
        "def two(sender):\n    pass\npost_save.connect(two, sender=Group(name='x'))\n"
    )
    assert sorted(started(text)) == [
        ("SX003", "one does not take **kwargs"),
        ("SX003", "two does not take **kwargs"),
        ("SX004", "the lambda is collected at once"),
        ("SX026", "two never runs"),
    ]


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("views", []),  # which the URLs import
        ("routes", []),  # which a text in them names
        ("handlers", []),  # which the views import
        ("middle", []),  # by the settings
        ("templatetags.tags", []),
        ("management.commands.tidy", []),
        ("hooks", []),  # which autodiscover_modules() looks for
        ("receivers", ["SX001"]),
        ("context", ["SX001"]),  # the settings of a test name it
    ],
)
def test_what_is_imported_only_when_it_serves(module: str, expected: list[str], tmp_path: Path) -> None:
    """What URLs, settings, template tags and commands lead to is connected later; the rest never is."""
    tag = "from django.db.models.signals import post_save\nfrom django.dispatch import receiver\n"
    tag += "@receiver(post_save, sender='auth.User')\ndef note(sender, **kwargs):\n    print(sender)\n"
    text = f"""
# file: proj/settings.py
INSTALLED_APPS = ["blog"]
MIDDLEWARE = ["blog.middle.Middle"]
# file: tests/settings.py
MIDDLEWARE = ["blog.context.other"]
# file: blog/apps.py
def ready(self):
    autodiscover_modules("hooks")
# file: blog/urls.py
from . import views
urlpatterns = [include("blog.routes")]
# file: blog/views.py
def index(request):
    from blog import handlers
# file: blog/{module.replace(".", "/")}.py
"""
    write_files(tmp_path, text + ("from blog import handlers\n" if module == "views" else "") + tag)
    (tmp_path / "manage.py").touch()
    found = checking.check(checking.read([tmp_path]), Configuration(), Live(())).findings
    assert [one.code for one in found if one.code == "SX001"] == expected
