"""Tiny projects, each with one fault that keeps a receiver from firing, and the same without it.

A specimen is the files in which it differs from a project whose receiver fires.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

#: A project whose receiver ``shop.receivers.on_save`` is connected, and fires.
SOUND = {
    "manage.py": """
        import os
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")
    """,
    "site_settings.py": """
        SECRET_KEY = "x"
        DEBUG = False
        INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop"]
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
        DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
        USE_TZ = True
    """,
    "shop/__init__.py": "",
    "shop/signals.py": """
        from django.dispatch import Signal
        paid = Signal()
    """,
    "shop/models.py": """
        from django.db import models

        class Dated(models.Model):
            class Meta:
                abstract = True

        class Tag(models.Model):
            pass

        class Product(Dated):
            tags = models.ManyToManyField(Tag)

        class Bargain(Product):
            class Meta:
                proxy = True
    """,
    "shop/apps.py": """
        from django.apps import AppConfig

        class ShopConfig(AppConfig):
            name = "shop"

            def ready(self):
                from shop import receivers
    """,
    "shop/receivers.py": """
        from django.db.models.signals import post_save
        from django.dispatch import receiver
        from shop.models import Product

        @receiver(post_save, sender=Product)
        def on_save(sender, **kwargs):
            pass
    """,
}

_IMPORTS = """
        from functools import partial
        from django.db.models.signals import m2m_changed, post_migrate, post_save, pre_init
        from django.dispatch import receiver
        from shop.models import *
        from shop.signals import paid

"""


def receivers(code: str) -> dict[str, str]:
    """Return the file of receivers with other code."""
    return {"shop/receivers.py": _IMPORTS + code}


def ready(code: str) -> dict[str, str]:
    """Return a configuration whose ``ready()`` runs other code."""
    body = "\n".join(f"                {line.strip()}" for line in code.strip().split("\n"))
    config = SOUND["shop/apps.py"].replace("                from shop import receivers", body)
    return {"shop/apps.py": config}


@dataclass(frozen=True)
class Specimen:
    """A fault and its absence."""

    reason: str  # the check that must fail
    faulty: dict[str, str]
    sound: dict[str, str] = field(default_factory=dict)
    receiver: str = "on_save"
    says: str = ""  # what the verdict, its evidence or its fix must mention
    trace: str | None = None  # the recorded run to look at, which has the fault
    sound_trace: str | None = None


def on_save(
    decorator: str, *, name: str = "on_save", arguments: str = "sender, **kwargs", body: str = "pass"
) -> str:
    """Return the code of a receiver."""
    return f"""
        {decorator}
        def {name}({arguments}):
            {body}
    """


_PLAIN = on_save("")

_DEBUG = {"site_settings.py": SOUND["site_settings.py"].replace("DEBUG = False", "DEBUG = True")}

_DECORATED = """
        def plain(function):
            def wrapper(sender, **kwargs):
                return function(sender, **kwargs)
            return wrapper

        @plain
        def first(sender, **kwargs): pass

        @plain
        def second(sender, **kwargs): pass
"""
_SENDER = "@receiver(post_save, sender=Product)"
_OBJECTS = """
        class Keeper:
            def on_save(self, sender, **kwargs): pass

        KEPT, ALSO = Keeper(), Keeper()
        post_save.connect(KEPT.on_save, sender=Tag)
        post_save.connect(ALSO.on_save, sender=Product)
"""

#: Decorators that keep nothing of what they decorate.
_WRAPPING = (
    """
        class Once:
            def __init__(self, function): self.function = function
            def __call__(self, sender, **kwargs): self.function(sender, **kwargs)
"""
    + _DECORATED
)
_ON_TAG = "@plain\n        def on_save(sender, **kwargs): pass\n"
_CALLED = """
        class Caller:
            def __call__(self, sender, **kwargs): pass

        caller = Caller()
"""
_LATE = {
    "late/__init__.py": "",
    "late/apps.py": """
        from django.apps import AppConfig
        class LateConfig(AppConfig):
            name = "late"
            def ready(self):
                from late.inner import hooks
    """,
    "late/inner/__init__.py": "",
    "late/inner/hooks.py": """
        from django.db.models.signals import post_save
        from django.dispatch import receiver
        @receiver(post_save)
        def on_late(sender, **kwargs): pass
    """,
}

SPECIMENS = {
    "never imported": Specimen("imported", ready("pass"), says="shop.receivers was never imported"),
    "imported only by what nobody imports": Specimen(
        "imported",
        {**ready("pass"), "shop/urls.py": "import shop.receivers\n"},
        says="shop/urls.py:1 would import it, but shop.urls was not imported either",
    ),
    "its import failed in silence": Specimen(
        "imported",
        {
            **ready("""
                import contextlib
                with contextlib.suppress(ImportError): from shop import receivers
            """),
            "shop/receivers.py": SOUND["shop/receivers.py"] + "\n        import no_such_module\n",
        },
        says="ended with an error that nobody was told",
    ),
    "in no installed app": Specimen(
        "imported",
        {"tools/__init__.py": "", "tools/hooks.py": "def on_saved(sender, **kwargs): pass\n"},
        {"tools/__init__.py": "", "tools/hooks.py": "def on_saved(sender, **kwargs): pass\n",
         **ready("""
            from django.db.models.signals import post_save
            from tools.hooks import on_saved
            post_save.connect(on_saved)
         """)},
        receiver="tools.hooks.on_saved",
        says="tools.hooks was never imported",
    ),
    "ready() of a class that Django does not use": Specimen(
        "ready",
        {"shop/apps.py": SOUND["shop/apps.py"] + """
        class OtherConfig(AppConfig):
            name = "shop"
        """},
        {"shop/apps.py": SOUND["shop/apps.py"].replace('name = "shop"', 'name = "shop"\n            default = True') + """
        class OtherConfig(AppConfig):
            name = "shop"
        """},
        says="Django uses django.apps.config.AppConfig for shop",
    ),
    "in an app that is not installed": Specimen(
        "imported",
        _LATE,
        {**_LATE, "site_settings.py": SOUND["site_settings.py"].replace('"shop"]', '"shop", "late"]')},
        receiver="on_late",
        says="add 'late' to INSTALLED_APPS",
    ),
    "under a decorator": Specimen(
        "connected",
        receivers(_WRAPPING + f"\n        {_ON_TAG}"),
        receivers(_WRAPPING + f"\n        {_SENDER}\n        {_ON_TAG}"),
        receiver="shop.receivers.on_save",
        says="nobody connected it",
    ),
    "under a decorator that is a class": Specimen(
        "connected",
        receivers(_WRAPPING + on_save("@Once")),
        receivers(_WRAPPING + on_save("@Once") + "\n        post_save.connect(on_save, sender=Product)\n"),
        receiver="shop.receivers.on_save",
        says="nobody connected it",
    ),
    "decorated where it is connected": Specimen(
        "alive",
        receivers(_WRAPPING + _PLAIN + "\n        post_save.connect(plain(on_save))\n"),
        receivers(_WRAPPING + _PLAIN + "\n        kept = plain(on_save)\n        post_save.connect(kept)\n"),
        receiver="shop.receivers.on_save",
        says="it died",
    ),
    "an object that can be called": Specimen(
        "disconnected",
        receivers(_CALLED + "\n        post_save.connect(caller)\n        post_save.disconnect(caller)\n"),
        receivers(_CALLED + "\n        post_save.connect(caller)\n"),
        receiver="Caller.__call__",
        says="disconnected from post_save",
    ),
    "its own call, connected as a method": Specimen(
        "disconnected",
        receivers(_CALLED + "\n        post_save.connect(caller.__call__)\n        post_save.disconnect(caller.__call__)\n"),
        receivers(_CALLED + "\n        post_save.connect(caller.__call__)\n"),
        receiver="Caller",
        says="disconnected from post_save",
    ),
    "by several objects": Specimen(
        "once",
        receivers(_OBJECTS + "\n        post_save.connect(KEPT.on_save, sender=Tag, dispatch_uid='again')\n"),
        receivers(_OBJECTS + "\n        post_save.connect(ALSO.on_save, sender=Tag)\n" + _CALLED
                  + "\n        post_save.connect(caller)\n        other = Caller()\n        post_save.connect(other)\n"),
        receiver="Keeper.on_save",
        says="give each the same dispatch_uid",
    ),
    "never connected": Specimen("connected", receivers(_PLAIN), says="nobody connected it"),
    "connected in a function that nobody calls": Specimen(
        "connected",
        receivers(_PLAIN + "\n        def wire():\n            post_save.connect(on_save)\n"),
        receivers(_PLAIN + "\n        def wire():\n            post_save.connect(on_save)\n        wire()\n"),
        says="did not run",
    ),
    "dispatch_uid taken": Specimen(
        "dispatch_uid",
        receivers(on_save("@receiver(post_save, dispatch_uid='x')", name="first") + on_save("@receiver(post_save, dispatch_uid='x')")),
        receivers(on_save("@receiver(post_save, dispatch_uid='x')", name="first") + on_save("@receiver(post_save, dispatch_uid='y')")),
        says="taken by shop.receivers.first",
    ),
    "a local function": Specimen(
        "alive",
        ready("""
            from django.db.models.signals import post_save
            def local(sender, **kwargs): pass
            post_save.connect(local)
        """),
        ready("""
            from django.db.models.signals import post_save
            def local(sender, **kwargs): pass
            post_save.connect(local, weak=False)
        """),
        receiver="local",
        says="it died",
    ),
    "a partial": Specimen(
        "alive",
        receivers(_PLAIN + "\n        post_save.connect(partial(on_save))\n"),
        receivers(_PLAIN + "\n        kept = partial(on_save)\n        post_save.connect(kept)\n"),
        says="it died",
    ),
    "a method of an object that nobody keeps": Specimen(
        "alive",
        receivers("\n        class Shelf:\n            def on_save(self, sender, **kwargs): pass\n\n        post_save.connect(Shelf().on_save)\n"),
        receivers("\n        class Shelf:\n            def on_save(self, sender, **kwargs): pass\n\n        shelf = Shelf()\n        post_save.connect(shelf.on_save)\n"),
        says="weak=False",
    ),
    "one object of two, each for a sender": Specimen(
        "alive",
        receivers(_OBJECTS.replace("post_save.connect(ALSO", "post_save.connect(Keeper()")),
        receivers(_OBJECTS),
        receiver="shop.receivers.Keeper.on_save",
        says="it died",
    ),
    "a local function, with DEBUG on": Specimen(
        "alive",
        {
            **_DEBUG,
            **ready("""
                from django.db.models.signals import post_save
                def local(sender, **kwargs): pass
                post_save.connect(local)
            """),
        },
        {
            **_DEBUG,
            **ready("""
                from django.db.models.signals import post_save
                def local(sender, **kwargs): pass
                post_save.connect(local)
                self.held = local
            """),
        },
        receiver="local",
        says="it lives only because DEBUG is on",
    ),
    "a partial, with DEBUG on": Specimen(
        "alive",
        {**_DEBUG, **receivers(_PLAIN + "\n        post_save.connect(partial(on_save))\n")},
        {**_DEBUG, **receivers(_PLAIN + "\n        kept = partial(on_save)\n        post_save.connect(kept)\n")},
        says="with DEBUG off it dies at once",
    ),
    "two of one name, with DEBUG on": Specimen(
        "rebound",
        {**_DEBUG, **receivers(on_save(_SENDER) + on_save("@receiver(post_save, sender=Tag)"))},
        {**_DEBUG, **receivers(on_save(_SENDER) + on_save("@receiver(post_save, sender=Tag)", name="on_tag"))},
        says="defines on_save again",
    ),
    "two of one name": Specimen(
        "rebound",
        receivers(on_save(_SENDER) + on_save("@receiver(post_save, sender=Tag)")),
        receivers(on_save(_SENDER) + on_save("@receiver(post_save, sender=Tag)", name="on_tag")),
        says="defines on_save again",
    ),
    "disconnected": Specimen(
        "disconnected",
        receivers(on_save(_SENDER) + "\n        post_save.disconnect(on_save, sender=Product)\n"),
        receivers(on_save(_SENDER) + "\n        post_save.disconnect(on_save, sender=Tag)\n"),
        says="disconnected from post_save",
    ),
    "a generator": Specimen("callable", receivers(on_save(_SENDER, body="yield")), says="generator"),
    "no **kwargs": Specimen(
        "callable",
        receivers(on_save(_SENDER, arguments="sender, instance")),
        receivers(
            on_save(_SENDER, arguments="signal, sender, instance, created, update_fields, raw, using")
        ),
        says="TypeError",
    ),
    "an abstract model": Specimen(
        "sender", receivers(on_save("@receiver(post_save, sender=Dated)")), says="shop.Product"
    ),
    "a class that is no model": Specimen(
        "sender", receivers("\n        class Mixin: pass\n" + on_save("@receiver(post_save, sender=Mixin)")), says="no model"
    ),
    "a proxy": Specimen(
        "sender",
        receivers(on_save("@receiver(post_save, sender=Bargain)")),
        receivers(on_save("@receiver(post_save, sender=Bargain)\n        @receiver(post_save, sender=Product)")),
        says="connect it for shop.Product as well",
    ),
    "an automatic through model": Specimen(
        "sender", receivers(on_save("@receiver(post_save, sender=Product.tags.through)")), says="m2m_changed"
    ),
    "m2m_changed for the model": Specimen(
        "sender",
        receivers(on_save("@receiver(m2m_changed, sender=Product)")),
        receivers(on_save("@receiver(m2m_changed, sender=Product.tags.through)")),
        says="shop.Product.tags.through",
    ),
    "m2m_changed for the field": Specimen(
        "sender",
        receivers(on_save("@receiver(m2m_changed, sender=Product.tags)")),
        receivers(on_save("@receiver(m2m_changed)")),
        says="shop.Product.tags.through",
    ),
    "a lazy sender with a typo": Specimen(
        "sender",
        receivers(on_save("@receiver(post_save, sender='shop.Prodct')")),
        receivers(on_save("@receiver(post_save, sender='shop.Product')")),
        says="shop.Product",
    ),
    "a text on a plain signal": Specimen(
        "sender",
        receivers(on_save("@receiver(paid, sender='shop.Product')")),
        receivers(on_save("@receiver(paid, sender=Product)")),
        says="by identity",
    ),
    "the class of an AppConfig": Specimen(
        "sender",
        receivers("\n        from shop.apps import ShopConfig\n" + on_save("@receiver(post_migrate, sender=ShopConfig)")),
        receivers("\n        from django.apps import apps\n" + on_save("@receiver(post_migrate, sender=apps.get_app_config('shop'))")),
        says="get_app_config('shop')",
    ),
    "the label of an app": Specimen(
        "sender", receivers(on_save("@receiver(post_migrate, sender='shop')")), says="get_app_config('shop')"
    ),
    "an app that is never migrated": Specimen(
        "sender",
        {
            "site_settings.py": SOUND["site_settings.py"].replace('"shop"]', '"plain", "shop"]'),
            "plain/__init__.py": "",
            **receivers("\n        from django.apps import apps\n" + on_save("@receiver(post_migrate, sender=apps.get_app_config('plain'))")),
        },
        receivers("\n        from django.apps import apps\n" + on_save("@receiver(post_migrate, sender=apps.get_app_config('shop'))")),
        says="no models module",
    ),
    "the sender is gone": Specimen(
        "sender",
        receivers(on_save("@receiver(paid, sender=type('Passing', (), {}))") + "\n        import gc\n        gc.collect()\n"),
        receivers("\n        Kept = type('Kept', (), {})\n" + on_save("@receiver(paid, sender=Kept)")),
        says="is gone",
    ),
    "swapped out": Specimen(
        "sender",
        {
            "site_settings.py": SOUND["site_settings.py"].rstrip() + "\n        AUTH_USER_MODEL = 'shop.User'\n",
            "shop/models.py": SOUND["shop/models.py"] + """
        from django.contrib.auth.base_user import AbstractBaseUser
        class User(AbstractBaseUser):
            USERNAME_FIELD = "id"
        """,
            **receivers("\n        from django.contrib.auth.models import User as Old\n" + on_save("@receiver(post_save, sender=Old)")),
        },
        receivers("\n        from django.contrib.auth.models import User as Old\n" + on_save("@receiver(post_save, sender=Old)")),
        says="shop.User",
    ),
    "never sent": Specimen("sent", {}, trace="empty", sound_trace="called", says="never sent in this run"),
    "sent by others": Specimen("sent", {}, trace="others", sound_trace="called", says="shop.Tag (1)"),
    "bypassed": Specimen("bypassed", {}, trace="bypassed", sound_trace="called", says="bulk_create of shop.Product"),
    "stopped by an error before it": Specimen(
        "stopped", {}, trace="skipped", sound_trace="called", says="shop.receivers.earlier raised ValueError"
    ),
    "its own error": Specimen("stopped", {}, trace="raised", sound_trace="called", says="KeyError"),
    "a method of a class": Specimen(
        "callable",
        receivers("\n        class Shelf:\n            @receiver(post_save, sender=Product)\n            def on_save(self, sender, **kwargs): pass\n"),
        receivers("\n        class Shelf:\n            @staticmethod\n            @receiver(post_save, sender=Product)\n            def on_save(sender, **kwargs): pass\n"),
        says="'self'",
    ),
    "a method of a class, for a signal of one's own": Specimen(
        "callable",
        receivers("\n        class Shelf:\n            @receiver(paid)\n            def on_save(self, sender, **kwargs): pass\n"),
        receivers("\n        class Shelf:\n            def on_save(self, sender, order, **kwargs): pass\n\n        shelf = Shelf()\n        paid.connect(shelf.on_save)\n"),
        says="connected as a plain function",
    ),
    "a parameter that the signal does not give": Specimen(
        "callable",
        receivers(on_save(_SENDER, arguments="sender, instance, request, **kwargs")),
        receivers(on_save(_SENDER, arguments="sender, instance, request=None, *, created, **kwargs")),
        says="post_save does not give it 'request'",
    ),
    "a parameter by place only": Specimen(
        "callable",
        receivers(on_save(_SENDER, arguments="sender, /, **kwargs")),
        receivers(on_save(_SENDER, arguments="sender, **kwargs")),
        says="'sender'",
    ),
    "by two dispatch_uids": Specimen(
        "once",
        receivers(_PLAIN + "\n        post_save.connect(on_save, dispatch_uid='a')\n        post_save.connect(on_save, dispatch_uid='b')\n"),
        receivers(_PLAIN + "\n        post_save.connect(on_save, dispatch_uid='a')\n        post_save.connect(on_save, dispatch_uid='a')\n"),
        says="connected 2 times to post_save",
    ),
    "for a sender and for every one": Specimen(
        "once",
        receivers(_PLAIN + "\n        post_save.connect(on_save)\n        post_save.connect(on_save, sender=Tag)\n"),
        receivers(_PLAIN + "\n        post_save.connect(on_save, sender=Product)\n        post_save.connect(on_save, sender=Tag)\n"),
        says="connect it once: for every sender, or",
    ),
    "made by one decorator": Specimen(
        "once",
        receivers(_DECORATED + "\n        post_save.connect(first, dispatch_uid='a')\n        post_save.connect(first, dispatch_uid='b')\n"),
        receivers(_DECORATED + "\n        post_save.connect(first)\n        post_save.connect(second)\n"),
        receiver="shop.receivers.first",
        says="connected 2 times",
    ),
    "one of two branches": Specimen(
        "alive",
        receivers("\n        if True:\n            def on_save(sender, **kwargs): pass\n        else:\n            def on_save(sender, **kwargs): return 1\n        post_save.connect(partial(on_save))\n"),
        receivers("\n        if True:\n            def on_save(sender, **kwargs): pass\n        else:\n            def on_save(sender, **kwargs): return 1\n        post_save.connect(on_save)\n"),
        says="it died",
    ),
    "imported by two names": Specimen(
        "once",
        ready("""
            import sys, os
            from shop import receivers
            sys.path.append(os.path.dirname(__file__))
            import receivers as again
        """),
        receiver="shop.receivers.on_save",
        says="one name only",
    ),
}  # fmt: skip


def write(folder: Path, files: dict[str, str]) -> None:
    """Write a project: the sound one with some other files."""
    import textwrap

    for name, code in {**SOUND, **files}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(code), encoding="utf-8")


#: Starts each project in a process of its own, forked where nothing of any project is loaded yet.
_ASK = """
import json, os, sys
from pathlib import Path
# Nothing of these depends on a project, and each would have to be imported for each.
import django.contrib.auth.management, django.db.backends.sqlite3.base, django.db.models, django.views.debug
import django.contrib.auth.apps, django.contrib.contenttypes.apps, django.template.defaulttags
import django.contrib.auth.hashers, django.contrib.auth.password_validation, django.template.loader_tags
import django.templatetags.i18n, django.utils.translation.reloader, multiprocessing
import sigexplorer.catalog.listing, sigexplorer.cli.opening, sigexplorer.project.matching
import sigexplorer.project.reaching, sigexplorer.project.start, sigexplorer.project.why
from sigexplorer.catalog import PAGES
len(PAGES)
from sigexplorer.cli import why
from sigexplorer.errors import SigexplorerError
from sigexplorer.project.why import diagnose
from sigexplorer.show.diagnosing import dump
from sigexplorer.show.opening import trace_in

answers = {}
for name, (folder, question, trace) in json.load(sys.stdin).items():
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(reading)
        os.chdir(folder)
        try:
            run = trace_in(Path(trace)) if trace else None
            asked = question if isinstance(question, list) else [question]
            found = [dump(why._diagnosis(asked[0], run, None, None, demo=False))]
            found += [dump(diagnose(one, Path(folder), run)) for one in asked[1:]]
            answer = found if isinstance(question, list) else found[0]
        except SigexplorerError as problem:
            answer = {"error": problem.message, "hint": problem.hint}
        except BaseException as problem:
            import traceback
            answer = {"error": traceback.format_exc()}
        with os.fdopen(writing, "w") as pipe:
            json.dump(answer, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answers[name] = json.load(pipe)
    os.wait()
json.dump(answers, sys.stdout)
"""


def ask(questions: Mapping[str, tuple[str, str | list[str], str | None]]) -> dict[str, Any]:
    """Return the diagnosis of each (folder, receiver, recorded run), as ``why -f json`` writes it.

    Of several receivers a list: their project is started once.
    """
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _ASK],
        input=json.dumps(questions),
        cwd=ROOT,
        env={name: held for name, held in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers
