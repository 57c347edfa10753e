"""Why a receiver does not fire, or fires twice: faults side by side in one project, which is started once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import django
import pytest
import specimens
from django.utils.module_loading import import_string
from test_why import call, dispatch

from sigexplorer import catalog
from sigexplorer.capture.signals import SignalWords
from sigexplorer.model import Run, Trace
from sigexplorer.project.known_senders import never_sends
from sigexplorer.show import recording

FILES = {
    "site_settings.py": specimens.SOUND["site_settings.py"].rstrip()
    + "\n        AUTH_USER_MODEL = 'shop.User'\n",
    "shop/models.py": specimens.SOUND["shop/models.py"]
    + """
        from django.contrib.auth.base_user import AbstractBaseUser
        class User(AbstractBaseUser):
            USERNAME_FIELD = "id"
    """,
    "shop/signals.py": """
        from django.dispatch import Signal
        paid = Signal()
        TILL = "the-till"

        class Bus:
            halted = Signal()
    """,
    "shop/apps.py": """
        import contextlib
        import os
        import sys
        from django.apps import AppConfig

        class ShopConfig(AppConfig):
            name = "shop"

            def ready(self):
                from shop import receivers, named, odd
                sys.path.append(os.path.dirname(__file__))
                import named as again
                sys.path.pop()
                with contextlib.suppress(ImportError):
                    from shop import broken
    """,
    "shop/named.py": """
        from django.db.models.signals import post_save
        from django.dispatch import receiver
        @receiver(post_save)
        def by_two_names(sender, **kwargs): pass
        @receiver(post_save, dispatch_uid="one")
        def once_by_two_names(sender, **kwargs): pass
    """,
    "shop/broken.py": "from shop.models import Product, Prodct\ndef lost(sender, **kwargs): pass\n",
    "foreign.py": """
        from django.db import models
        class Foreign(models.Model):
            class Meta:
                abstract = True
    """,
    "shop/odd.py": """
        from foreign import Foreign
        from contextlib import contextmanager
        from functools import partialmethod, singledispatch, singledispatchmethod
        from unittest.mock import Mock
        from django.contrib.auth.signals import user_login_failed
        from django.core.handlers.base import BaseHandler
        from django.core.handlers.wsgi import WSGIHandler
        from django.core.signals import *
        from django.db.models.signals import *
        from django.dispatch import Signal, receiver
        from shop.models import *
        from shop.signals import paid

        @receiver(pre_delete)
        def cleared(sender, **kwargs): pass
        pre_delete.receivers.clear()
        pre_delete.sender_receivers_cache.clear()

        @receiver(post_save)
        @singledispatch
        def single(sender, **kwargs): pass

        class Single:
            @singledispatchmethod
            def method(self, sender, **kwargs): pass
        one_single = Single()
        post_save.connect(one_single.method, weak=False)

        @receiver(post_save)
        @contextmanager
        def opened(sender, **kwargs): yield

        @receiver(request_finished)
        def finished(sender, environ, **kwargs): pass

        @receiver(user_login_failed, sender=User)
        def refused(sender, **kwargs): pass

        @receiver(request_started, sender=BaseHandler)
        def begun(sender, **kwargs): pass

        @receiver(request_started, sender=WSGIHandler)
        def served(sender, **kwargs): pass

        @receiver(post_save, sender="shop.Dated")
        def dated(sender, **kwargs): pass

        @receiver(post_save, sender=Foreign)
        def abroad(sender, **kwargs): pass

        @receiver(class_prepared)
        def too_late(sender, **kwargs): pass

        @receiver(class_prepared, sender=Product)
        def far_too_late(sender, **kwargs): pass

        @receiver([pre_save, post_save, request_finished])
        def of_several(sender, **kwargs): pass

        @receiver(m2m_changed)
        @receiver(post_save, sender=Product)
        def of_others(sender, **kwargs): pass

        class Auto:
            def __init_subclass__(cls, signal): signal.connect(cls.run)
            @classmethod
            def run(cls, sender, **kwargs): pass
        class AutoDelete(Auto, signal=post_delete): pass
        class AutoSave(Auto, signal=pre_save): pass

        class Part:
            def base(self, flag, sender, **kwargs): pass
            kept, gone = partialmethod(base, 1), partialmethod(base, 2)
        part = Part()
        post_delete.connect(part.kept, weak=False)
        post_delete.connect(part.gone)

        one_mock, another_mock = Mock(), Mock()
        pre_save.connect(one_mock, weak=False)
        post_delete.connect(another_mock, weak=False)

        class Loud(Signal):
            def connect(self, receiver, **kwargs):
                return super().connect(receiver, weak=False, **kwargs)
            def on(self, function):
                self.connect(function)
                return function
        loud = Loud()
        def louder(sender, **kwargs): pass
        loud.on(louder)  # line of its own

        def deleted(sender, **kwargs): pass
        pre_save.connect(deleted)
        del deleted
        def reassigned(sender, **kwargs): pass
        pre_save.connect(reassigned)
        reassigned = 5

        @receiver(paid)
        def costly(sender, amount, **kwargs): pass
    """,
    "shop/lazy.py": "def on_lazy(sender, **kwargs): pass\n",
    "shop/receivers.py": """
        from functools import partial
        from django.contrib.auth.models import User as Old
        from django.contrib.auth.signals import user_logged_in
        from django.db.models.signals import m2m_changed, post_save
        from django.dispatch import receiver
        from shop import signals
        from shop.models import *

        class Held:
            def __init__(self): post_save.connect(self.handle, sender=Tag)
            def handle(self, sender, **kwargs): pass

        FIRST, SECOND = Held(), Held()
        Held()

        for number in range(2):
            @receiver(post_save, sender=Tag, weak=False, dispatch_uid=f"loop-{number}")
            def looped(sender, **kwargs): pass

        for number in range(2):
            @receiver(post_save, sender=Tag, dispatch_uid="same")
            def overwritten(sender, **kwargs): pass

        for model in (Tag, Product):
            @receiver(post_save, sender=model)
            def per_model(sender, **kwargs): pass

        def making(kept):
            def made(sender, **kwargs): return kept
            return made

        MADE = [making(number) for number in (1, 2)]
        for one in MADE:
            post_save.connect(one, sender=Tag)

        def wire(uid):
            def local(sender, **kwargs): pass
            post_save.connect(local, sender=Tag, weak=False, dispatch_uid=uid)

        def wire_once():
            def just_once(sender, **kwargs): pass
            post_save.connect(just_once, sender=Tag, weak=False, dispatch_uid="once")

        wire("a"), wire("b"), wire_once(), wire_once()

        class Odd:
            def selfless(sender, **kwargs): pass
            def nothing(**kwargs): pass
            async def __call__(self, sender, **kwargs): pass

        ODD = Odd()
        post_save.connect(ODD, sender=Tag)
        post_save.connect(ODD.selfless, sender=Tag)
        post_save.connect(ODD.nothing, sender=Tag)
        post_save.connect(ODD.__call__, sender=Product)

        def by_place(sender, **kwargs): pass
        PLACED = partial(by_place, 1)
        post_save.connect(PLACED, sender=Tag)
        def by_name(sender, extra, **kwargs): pass
        NAMED = partial(by_name, extra=1)
        post_save.connect(NAMED, sender=Tag)

        def parted(sender, part, **kwargs): pass
        PARTS = [partial(parted, part=part) for part in (1, 2)]
        for one in PARTS:
            post_save.connect(one, sender=Tag)

        def on_till(sender, **kwargs): pass
        signals.paid.connect(on_till, sender=signals.TILL)
        def on_word(sender, **kwargs): pass
        signals.paid.connect(on_word, sender="word")
        def on_text(sender, **kwargs): pass
        signals.paid.connect(on_text, sender="some text")

        @receiver(user_logged_in, sender=Old)
        def on_login(sender, **kwargs): pass
        def on_object(sender, **kwargs): pass
        post_save.connect(on_object, sender=Tag())
        def on_some(sender, **kwargs): pass
        post_save.connect(on_some, sender=Tag)
        post_save.connect(on_some, sender=Product.tags.through)

        def halt(sender, **kwargs): pass
        signals.Bus.halted.connect(halt)
        LAMBDA = lambda sender, **kwargs: None
        post_save.connect(LAMBDA, sender=Tag)
        def later():
            from shop import lazy
    """,
}

#: The line that connects what a signal's own class connects in the end.
LOUD = 1 + FILES["shop/odd.py"].split("\n").index("        loud.on(louder)  # line of its own")

#: Receiver, the reason why it does not fire, and what is said of it.
ASKED: list[tuple[str, str | None, str]] = [
    ("Held.handle", None, "more than once for one send: post_save: by 2 objects"),
    ("Held.handle", None, "one connection of it is dead"),
    ("looped", "once", "it is another function each time: define it once"),
    ("overwritten", "dispatch_uid", "was taken by another one of that name"),
    ("per_model", "alive", "of several made in a loop its name keeps the last"),
    ("made", None, "by 2 functions of that name"),
    ("wire.<locals>.local", "once", "it is another function each time"),
    ("just_once", None, "Django ignored it, as it should"),
    ("Odd.selfless", "callable", "it is a method without 'self': it gets 'sender' by place"),
    ("Odd.nothing", "callable", "gets something by place"),
    ("Odd", "callable", "the coroutine is never awaited"),
    ("by_place", "callable", "gets 'sender' by place from a partial"),
    ("by_name", None, "would fire"),
    ("parted", None, "by 2 functions of that name"),
    ("on_till", None, "only where the very text 'the-till' is sent, as shop.signals.TILL is"),
    ("on_word", None, "only where the very text 'word' is sent, as every literal of it is"),
    ("on_text", "sender", "only the very same text object matches"),
    ("on_login", "sender", "swapped out for shop.User"),
    ("on_object", "sender", "use shop.Tag itself"),
    ("on_some", "sender", "1 of its 2 connections can never match, the others can"),
    ("Bus.halted:halt", None, "would fire"),
    ("receivers.<lambda>", None, '"defined at shop/receivers.py:'),
    ("Odd", "callable", '"defined at shop/receivers.py:'),
    ("by_two_names", "once", "import its file by one name only"),
    ("once_by_two_names", None, "Django ignored it, as it should"),
    ("by_two_names", "once", "its file was imported by two names"),
    ("lost", "imported", "shop/broken.py:1 imports Prodct from shop.models, which has no such name"),
    ("cleared", "disconnected", "was taken out of signal.receivers, not by disconnect()"),
    ("single", "callable", "it is a singledispatch function"),
    ("Single.method", "callable", "it is a singledispatch function"),
    ("one_single.method", "callable", "it is a singledispatch function"),
    ("opened", "callable", "it is a context manager"),
    ("finished", "callable", "request_finished does not give it 'environ'"),
    ("costly", None, "would fire"),
    ("refused", "sender", "its sender shop.User never sends this"),
    ("begun", "sender", "is the class of the handler: WSGIHandler, ASGIHandler"),
    ("served", None, "would fire"),
    ("dated", "sender", "its sender shop.Dated is abstract: only its children are saved"),
    ("abroad", "sender", "its sender foreign.Foreign is abstract"),
    ("too_late", "sender", "all models are prepared by then: only those that are made later are sent"),
    ("far_too_late", "sender", "can its sender ever match?"),
    (
        "AutoDelete.run",
        None,
        '"receiver": "shop.odd.AutoDelete.run", "signals": ["django.db.models.signals.post_delete"]',
    ),
    ("Part.kept", None, '"receiver": "shop.odd.Part.kept"'),
    ("shop.odd.part.gone", "alive", "it died"),
    ("one_mock", None, '"receiver": "shop.odd.one_mock", "signals": ["django.db.models.signals.pre_save"]'),
    ("louder", None, f"to loud for every sender at shop/odd.py:{LOUD}"),
    ("deleted", "alive", "shop.odd has nothing by the name of deleted any more"),
    ("reassigned", "alive", "reassigned is int now, which is no function"),
    ("on_word", None, "to paid for 'word' at shop/receivers.py"),
    ("on_lazy", "imported", "would import it, once that line runs"),
]

#: The same with a run to look at.
RAN: list[tuple[str, str | None, str]] = [
    ("on_text", None, "it is connected, and fires"),
    ("by_name", "callable", "it returned a coroutine, which nobody awaits"),
    ("by_place", None, "it is connected, and fires"),
    ("cleared", "disconnected", "was taken out of signal.receivers, not by disconnect()"),
    (
        "of_several",
        "sent",
        "post_save was sent once in this run, only while it was not connected; pre_save was never sent",
    ),
    (
        "of_others",
        "sent",
        "post_save was sent once in this run, never with its sender; m2m_changed was never sent",
    ),
    ("costly", "callable", "in post_save of shop.Tag the call itself raised TypeError: costly() missing 1"),
]


def a_run() -> Trace:
    """Return a run that reached three receivers."""
    run = Run("test", listened=False, started_at="2026-11-20T10:00:00.000000Z", duration_ns=1,
              sigexplorer="0", django="5.2", python="3.11", databases=())  # fmt: skip
    text = replace(dispatch("some text", call("shop.receivers.on_text")), signal="shop.signals.paid")
    named = replace(call("shop.receivers.by_name"), result="<coroutine>")
    lacking = "TypeError: costly() missing 1 required positional argument: 'amount'"
    unpaid = dispatch("shop.Tag", call("shop.odd.costly", "raised", lacking))
    return Trace(
        run,
        dispatches=(
            text,
            replace(unpaid, signal="shop.signals.paid"),
            dispatch("shop.Tag", named, call("shop.receivers.by_place")),
        ),
    )


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Return what why says of every receiver, and of some with a run to look at."""
    folder = tmp_path_factory.mktemp("several")
    specimens.write(folder, FILES)
    (folder / "run.json").write_text(json.dumps(recording.dump(a_run())))
    asked = list(dict.fromkeys(question for question, _, _ in ASKED))
    ran = [question for question, _, _ in RAN]
    found = specimens.ask({
        "alone": (str(folder), asked, None), "run": (str(folder), ran, str(folder / "run.json")),
    })  # fmt: skip
    assert "error" not in found["alone"], found["alone"]["error"]
    told = dict(zip(asked, found["alone"], strict=True))
    return told | {f"{question} in a run": one for question, one in zip(ran, found["run"], strict=True)}


@pytest.mark.parametrize(
    ("question", "reason", "says"),
    [*ASKED, *((f"{question} in a run", reason, says) for question, reason, says in RAN)],
)
def test_a_reason_is_told(
    question: str, reason: str | None, says: str, answers: dict[str, dict[str, Any]]
) -> None:
    """The verdict has the reason, and what is said of it is true of this receiver."""
    answer = answers[question]
    assert answer["reason"] == reason, answer
    assert says in json.dumps(answer, ensure_ascii=False)


#: Signals of Django's, and senders that it sends them with.
SENT = [
    ("user_logged_out", "types.NoneType"),
    ("class_prepared", "django.contrib.auth.models.User"),
    ("request_started", "django.core.handlers.asgi.ASGIHandler"),
    ("request_finished", "django.core.handlers.wsgi.WSGIHandler"),
    ("request_started", "django.test.client.ClientHandler"),
    ("setting_changed", "django.conf.UserSettingsHolder"),
    ("connection_created", "django.db.backends.sqlite3.base.DatabaseWrapper"),
    ("task_started", "django.tasks.backends.immediate.ImmediateBackend"),
]


@pytest.mark.parametrize(("name", "sender"), SENT)
def test_what_django_sends_with_may_match(name: str, sender: str) -> None:
    """No sender that Django has is said never to send; an object of its class is, where classes send."""
    page = catalog.find(name)
    if not page.exists_in(django.VERSION[:2]):
        pytest.skip("this Django has no such signal")
    signal = SignalWords(page.path, page.name, page.group)
    assert never_sends(signal, import_string(sender), "it") is None
    assert never_sends(signal, object(), "it") is not None
