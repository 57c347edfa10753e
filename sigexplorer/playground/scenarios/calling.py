"""The order in which receivers are called, what they return, and what their errors do."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest import mock

from django.core.signals import request_finished, request_started
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.db.transaction import atomic
from django.dispatch import Signal

from blog.models import Tag
from sigexplorer.catalog import PAGES
from sigexplorer.catalog.installed import Send, django_root, sends
from sigexplorer.playground.browser import Browser
from sigexplorer.playground.props import connected, left_as_found, logged, shallow
from sigexplorer.playground.shop.signals import order_paid, order_placed
from sigexplorer.playground.steps import Steps
from sigexplorer.playground.testing import use_test_machinery


def order(step: Steps) -> None:
    """Connect and disconnect while a signal is sent, and between two sends."""
    for part in (_meanwhile, _to_the_end, _responses, _captured):
        with left_as_found(order_placed, request_started, request_finished), step.part():
            part(step)


def _meanwhile(step: Steps) -> None:
    def latecomer(**_kwargs: object) -> None:
        pass

    def goner(**_kwargs: object) -> None:
        pass

    def changes_its_mind(**_kwargs: object) -> None:
        order_placed.connect(latecomer)
        order_placed.disconnect(goner)

    order_placed.connect(changes_its_mind)
    order_placed.connect(goner)
    with step("connect and disconnect in a receiver"):
        order_placed.send(sender=None)
    step.claim(
        "the send goes on with the receivers it began with",
        step.called(),
        ["changes_its_mind", "goner"],
        fact="snapshot",
    )

    with step("send again"):
        order_placed.send(sender=None)
    step.claim(
        "only the next one has others", step.called(), ["changes_its_mind", "latecomer"], fact="snapshot"
    )


def _to_the_end(step: Steps) -> None:
    def write_bill(**_kwargs: object) -> None:
        pass

    def pack(**_kwargs: object) -> None:
        pass

    with step("disconnect and connect the first of two receivers"), connected(order_placed, write_bill, pack):
        order_placed.disconnect(write_bill)
        order_placed.connect(write_bill)
        order_placed.send(sender=None)
    step.claim("it is the last from then on", step.called(), ["pack", "write_bill"], fact="reconnect-order")

    use_test_machinery(step)
    from django.test import Client

    request_started.connect(write_bill)
    with step("make a request with the test Client, then one without it"):
        Client().get("/async/")
        Browser().get("/async/")
    before, after = ([call.receiver for call in sent.calls] for sent in step.sent("request_started"))
    step.claim(
        "the Client disconnects close_old_connections",
        "django.db.close_old_connections" in before,
        expected=False,
        fact="reconnect-order",
    )
    step.claim(
        "and connects it again, behind all others",
        after[-1],
        "django.db.close_old_connections",
        fact="reconnect-order",
    )


def _responses(step: Steps) -> None:
    def veto(**_kwargs: object) -> bool:
        return False

    with step("send and look at what comes back"), connected(order_placed, veto):
        responses = order_placed.send(sender=None)
    step.claim("a list of pairs: receiver, response", responses, [(veto, False)], fact="responses")

    with step("return False from a receiver of pre_save"), connected(pre_save, veto, sender=Tag):
        Tag.objects.create(name="django")
    step.claim("it was called", step.called("pre_save"), ["veto"], fact="responses")
    step.claim("and Django saves all the same", Tag.objects.filter(name="django").exists(), fact="responses")

    with step("return False from a receiver of pre_delete"), connected(pre_delete, veto, sender=Tag):
        Tag.objects.get(name="django").delete()
    step.claim("it was called", step.called("pre_delete"), ["veto"], fact="responses")
    step.claim("and Django deletes all the same", Tag.objects.exists(), expected=False, fact="responses")

    with step("read in Django's source which sends are looked at"):
        looked_at = {send.function for page in PAGES for send in sends(page) if is_looked_at(send)}
    step.claim(
        "those of file_changed, and of setting_changed on leaving",
        looked_at,
        {"BaseReloader.notify_file_changed", "override_settings.disable"},
        fact="responses",
    )


def is_looked_at(send: Send) -> bool:
    """Tell whether what a send returns is used: it does not stand alone."""
    line = (django_root().parent / send.file).read_text(encoding="utf-8").splitlines()[send.line - 1]
    alone = re.match(r"\s*(await )?[\w.]+\.a?send(_robust)?\(", line)
    return alone is None


def _captured(step: Steps) -> None:
    send_order = order_placed.send  # a bound method, of the function that send() is now
    with (
        step("replace Signal.send after somebody has taken hold of it"),
        mock.patch.object(Signal, "send", return_value=["replaced"]),
    ):
        fresh, captured = order_placed.send(sender=None), send_order(sender=None)
    step.claim(
        "what was taken before goes on as it was",
        (fresh, captured),
        (["replaced"], []),
        fact="captured-method",
    )


class CardDeclinedError(Exception):
    """What a receiver of the shop raises."""


def errors(step: Steps) -> None:
    """Let receivers fail under send() and send_robust(), while rows are saved and deleted."""
    for part in (_stops, _robust, _not_an_exception, _not_robust, _rows, _in_transactions, _recursion):
        with left_as_found(order_paid), step.part():
            part(step)


def charge(**_kwargs: object) -> None:
    """Fail, always."""
    message = "no money"
    raise CardDeclinedError(message)


def ship(**_kwargs: object) -> None:
    """Do nothing."""


def _stops(step: Steps) -> None:
    error: Exception | None = None
    with step("let the first receiver of post_save fail"), connected(post_save, charge, ship, sender=Tag):
        try:
            Tag.objects.create(name="django")
        except CardDeclinedError as raised:
            error = raised
    outcomes = [call.outcome for call in step.sent("post_save")[0].calls]
    step.claim("later receivers never run", outcomes, ["raised", "skipped"], fact="send-stops")
    step.claim("the error comes out of save()", str(error), "no money", fact="send-stops")
    step.claim("and the row is there", Tag.objects.filter(name="django").exists(), fact="send-stops")


def _robust(step: Steps) -> None:
    with (
        step("let a receiver fail under send_robust()"),
        connected(order_paid, charge, ship),
        logged("django.dispatch") as lines,
    ):
        responses = order_paid.send_robust(sender=None)
    step.claim("every receiver is called", step.called(), ["charge", "ship"], fact="robust")
    step.claim("the exception is the response", type(responses[0][1]), CardDeclinedError, fact="robust")
    step.claim(
        "and is logged", lines, ["Error calling charge in Signal.send_robust() (no money)"], fact="robust"
    )


def _not_an_exception(step: Steps) -> None:
    ended = ""

    def close_shop(**_kwargs: object) -> None:
        raise SystemExit

    with (
        step("let a receiver leave the program under send_robust()"),
        connected(order_paid, close_shop, ship),
    ):
        try:
            order_paid.send_robust(sender=None)
        except SystemExit as problem:
            ended = type(problem).__name__
    step.claim("what is no Exception comes out", ended, "SystemExit", fact="robust")
    outcomes = [call.outcome for call in step.sent()[0].calls]
    step.claim("and nobody else is called", outcomes, ["raised", "skipped"], fact="robust")


class Cashier:
    """A receiver that is an object."""

    def __call__(self, **_kwargs: object) -> None:
        """Fail, always."""
        charge()


def _not_robust(step: Steps) -> None:
    raised: list[str] = []
    partial, cashier = functools.partial(charge), Cashier()
    with step("let a partial fail, and an object that can be called"):
        for receiver in (partial, cashier):
            with connected(order_paid, receiver, ship):
                try:
                    order_paid.send_robust(sender=None)
                except AttributeError as problem:
                    raised.append(str(problem.name))
    step.claim(
        "neither has the name that is to be logged: logging raises",
        raised,
        ["__qualname__", "__qualname__"],
        fact="robust-qualname",
    )
    step.claim(
        "and the receiver behind them is not called",
        "ship" in step.called(),
        expected=False,
        fact="robust-qualname",
    )


def _rows(step: Steps) -> None:
    deleted = saved = None
    tag = Tag.objects.create(name="deleted")
    with step("let a receiver of post_delete fail"), connected(post_delete, charge, sender=Tag):
        try:
            tag.delete()
        except CardDeclinedError:
            deleted = not Tag.objects.filter(name="deleted").exists()
    step.claim("delete() is a transaction, and rolls back", deleted, expected=False, fact="delete-atomic")

    with step("let a receiver of post_save fail"), connected(post_save, charge, sender=Tag):
        try:
            Tag.objects.create(name="saved")
        except CardDeclinedError:
            saved = Tag.objects.filter(name="saved").exists()
    step.claim("save() has committed before it tells", saved, fact="delete-atomic")


def _in_transactions(step: Steps) -> None:
    with step("let it fail for what get_or_create() and update_or_create() make"):
        for make in (Tag.objects.get_or_create, Tag.objects.update_or_create):
            with connected(post_save, charge, sender=Tag), suppress(CardDeclinedError):
                make(name="undone")
    step.claim("both were told", len(step.sent("post_save", "blog.Tag")), 2, fact="delete-atomic")
    there = Tag.objects.filter(name="undone").exists()
    told = "and undone: both methods open a transaction"
    step.claim(told, there, expected=False, fact="delete-atomic")

    with (
        step("let the first receiver fail in a transaction of one's own"),
        connected(post_save, charge, sender=Tag),
        suppress(CardDeclinedError),
        atomic(),
    ):
        Tag.objects.create(name="mine")
    there = Tag.objects.filter(name="mine").exists()
    step.claim("the row goes with the transaction", there, expected=False, fact="send-stops")


@contextmanager
def _first_saves(step: Steps, enough: int) -> Iterator[None]:
    """Record so many saves of tags inside of each other: the rest is the same all over again."""
    original, saved = Tag.save_base, [0]

    def save_base(tag: Tag, *args: Any, **kwargs: Any) -> None:
        saved[0] += 1
        if saved[0] != enough + 1:
            original(tag, *args, **kwargs)
            return
        try:
            with step.unrecorded():
                original(tag, *args, **kwargs)
        except RecursionError as problem:  # each Python says it in words of its own
            message = "maximum recursion depth exceeded"
            raise RecursionError(message) from problem

    with mock.patch.object(Tag, "save_base", save_base):
        yield


def _recursion(step: Steps) -> None:
    def save_again(instance: Tag, **_kwargs: object) -> None:
        instance.save()

    tag = Tag.objects.create(name="recursion")
    with _first_saves(step, 3):
        ended = "at last"
        with step("save in a receiver of post_save"), connected(post_save, save_again, sender=Tag), shallow():
            try:
                tag.save()
            except RecursionError:
                ended = "RecursionError"
    step.claim("it saves again and again until Python ends it", ended, "RecursionError", fact="recursion")
    first, second = step.sent("post_save")[:2]
    step.claim("each save inside of the one before", second.parent, first.id, fact="recursion")

    def save_once_more(instance: Tag, **_kwargs: object) -> None:
        if instance.name != "again":
            instance.name = "again"
            instance.save()

    with (
        step("save in a receiver of post_save, with a condition"),
        connected(post_save, save_once_more, sender=Tag),
    ):
        tag.save()
    outer, inner = step.sent("post_save")
    step.claim("it ends", (inner.parent, inner.error), (outer.id, None), fact="recursion")
