"""Run every example of the catalogue in the bundled project, and make each receiver be called.

Run as a program, because it needs a project of its own; its argument is an empty folder. It
prints one JSON object: the functions of the examples that were called, by signal, and what
they left behind.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import sys
import threading
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

os.environ["DJANGO_SETTINGS_MODULE"] = "demo.settings"
django.setup()

from django.apps import AppConfig, apps  # noqa: E402 - all of these need the project
from django.apps.registry import Apps  # noqa: E402
from django.contrib.auth import get_user_model, logout  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import models  # noqa: E402
from django.db.utils import ConnectionHandler  # noqa: E402
from django.template.loader import render_to_string  # noqa: E402
from django.test import AsyncClient, Client, RequestFactory, override_settings  # noqa: E402
from django.test.utils import setup_test_environment, teardown_test_environment  # noqa: E402
from django.utils.autoreload import StatReloader  # noqa: E402

from blog.models import Post, Profile, Tag  # noqa: E402
from sigexplorer.catalog import PAGES  # noqa: E402

logging.disable(logging.CRITICAL)

FOLDER = Path(sys.argv[1])
CALLED: dict[str, set[str]] = defaultdict(set)
SPACES: dict[str, dict] = {}
LEFT: dict[str, object] = {}


def note_call(frame: FrameType, event: str, _argument: object) -> None:
    """Note calls of code that an example defines."""
    if event == "call" and frame.f_code.co_filename.startswith("<example "):
        CALLED[frame.f_code.co_filename[9:-1]].add(frame.f_code.co_name)


def load_examples() -> None:
    """Execute each example as a module of its own, and start those that are an apps.py."""
    for page in PAGES:
        if page.exists_in(django.VERSION[:2]):
            space = {"__name__": f"example_{page.name}", "__file__": str(FOLDER / "example.py")}
            exec(compile(page.example, f"<example {page.name}>", "exec"), space)  # noqa: S102
            SPACES[page.name] = space
            config = space.get("BlogConfig", AppConfig)
            config.ready(apps.get_app_config("blog"))


def tell_of_management() -> None:
    """Migrate forwards, backwards and forwards again, and flush."""
    output = io.StringIO()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("migrate", "blog", "zero", verbosity=1, interactive=False, stdout=output)
    call_command("migrate", verbosity=0, interactive=False)
    call_command("flush", verbosity=0, interactive=False)
    LEFT["announced"] = "This undoes blog." in output.getvalue()
    LEFT["tags"] = list(Tag.objects.values_list("name", flat=True))
    meta = type("Meta", (), {"apps": Apps(), "app_label": "probe"})
    type("Probe", (models.Model,), {"__module__": __name__, "Meta": meta})
    LEFT["models"] = SPACES["class_prepared"]["models_defined"]


def tell_of_models() -> None:
    """Save, tag, and delete."""
    user = get_user_model().objects.create_user("ada", password="correct")  # noqa: S106
    LEFT["profiles"] = Profile.objects.filter(user=user).count()
    post = Post.objects.create(title="  spaces  ", author=user)
    tag = Tag.objects.create(name="python")
    left = []
    for change in (
        lambda: post.tags.add(tag),
        post.tags.clear,
        lambda: tag.posts.add(post),
        tag.posts.clear,
    ):
        cache.set(f"tags-of-post:{post.pk}", "old")
        change()
        left.append(cache.get(f"tags-of-post:{post.pk}"))
    LEFT["tag lists"] = left
    LEFT["title"] = Post.objects.get(pk=post.pk).title
    LEFT["title when built"] = Post.objects.get(pk=post.pk).title_when_built
    LEFT["deferred"] = Post.objects.only("pk").get(pk=post.pk).title_when_built
    key = f"post:{post.pk}"
    cache.set(key, "old")
    post.delete()
    LEFT["cached post"] = cache.get(key)


def tell_of_requests() -> None:
    """Log in and out, rightly and wrongly; request pages, one of which fails."""
    client = Client(raise_request_exception=False)
    client.login(username="ada", password="wrong")  # noqa: S106
    client.login(username="ada", password="correct")  # noqa: S106
    client.logout()
    request = RequestFactory().get("/")
    request.session = client.session
    logout(request)
    SPACES["request_finished"]["viewed"].extend(["/a/", "/b/"])
    client.get("/")
    LEFT["viewed"] = list(SPACES["request_finished"]["viewed"])
    LEFT["home"] = client.get("/home/").status_code
    LEFT["failures"] = dict(SPACES["got_request_exception"]["failures"])
    LEFT["async"] = asyncio.run(AsyncClient().get("/async/")).status_code


def tell_of_tests() -> None:
    """Override a setting, render a template, open a connection."""
    page_size = SPACES["setting_changed"]["page_size"]
    sizes = [page_size()]
    with override_settings(BLOG_PAGE_SIZE=3):
        sizes.append(page_size())
    LEFT["sizes"] = [*sizes, page_size()]
    setup_test_environment()
    with SPACES["template_rendered"]["rendered_templates"]() as names:
        render_to_string("blog/index.html")
    render_to_string("blog/index.html")
    teardown_test_environment()
    LEFT["templates"] = names
    databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    with ConnectionHandler(databases)["default"].cursor() as cursor:
        LEFT["cache size"] = cursor.execute("PRAGMA cache_size").fetchone()[0]


def tell_of_tasks() -> None:
    """Enqueue a task that fails."""
    if django.VERSION >= (6, 0):
        from blog.tasks import average_rating

        LEFT["task"] = average_rating.enqueue().status


class Reloader(StatReloader):
    """A reloader that looks four times, and changes a file after the second look."""

    SLEEP_TIME = 0.01

    def tick(self) -> Iterator[None]:
        """Look, as the original does."""
        for look, _ in zip(range(4), super().tick(), strict=False):
            if look == 1:
                words = FOLDER / "words.txt"
                words.write_text("three words now", encoding="utf-8")
                os.utime(words, (2**31, 2**31))
            yield


def tell_of_autoreload() -> None:
    """Change a watched file; that the process goes on shows that the receiver dealt with it."""
    (FOLDER / "words.txt").write_text("one", encoding="utf-8")
    words = SPACES["file_changed"]["words"]
    before = words()
    Reloader().run(threading.current_thread())
    LEFT["words"] = [before, words()]


if __name__ == "__main__":
    threading.setprofile(note_call)
    load_examples()
    sys.setprofile(note_call)
    for tell in (
        tell_of_management,
        tell_of_models,
        tell_of_requests,
        tell_of_tests,
        tell_of_tasks,
        tell_of_autoreload,
    ):
        tell()
    sys.setprofile(None)
    print(json.dumps({"called": {name: sorted(names) for name, names in CALLED.items()}, "left": LEFT}))  # noqa: T201
