"""What it costs to look."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.signals import got_request_exception
from django.db.models.signals import post_save, pre_delete
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.functional import lazy as lazy_text

from blog.models import Comment, Post
from sigexplorer.playground.browser import Browser
from sigexplorer.playground.people import PASSWORD
from sigexplorer.playground.props import connected
from sigexplorer.playground.shop.signals import order_placed
from sigexplorer.playground.steps import Steps


def looking(step: Steps) -> None:
    """Print what signals send, and look for signals among objects."""
    for part in (_printing, _asking):
        with step.part():
            part(step)


def _printing(step: Steps) -> None:
    post = Post.objects.create(author=User.objects.create_user("amy"), title="Signals")
    post.comments.create(name="Bob")

    def print_instance(instance: Comment, **_kwargs: object) -> None:
        str(instance)  # its __str__() names the post

    comment = Comment.objects.get()
    with step("put an instance into words"), connected(post_save, print_instance, sender=Comment):
        comment.save()
    (call,) = step.sent("post_save")[0].calls
    step.claim("its __str__() reads the post", call.queries, 1, fact="repr-sql")

    def print_origin(origin: object, **_kwargs: object) -> None:
        repr(origin)

    with step("put the origin of a deletion into words"), connected(pre_delete, print_origin, sender=Comment):
        Comment.objects.all().delete()
    (call,) = step.sent("pre_delete")[0].calls
    step.claim(
        "the repr() of a queryset reads its rows, and each row its post", call.queries, 2, fact="repr-sql"
    )

    def print_user(request: HttpRequest, **_kwargs: object) -> None:
        str(request.user)

    browser = Browser()
    User.objects.create_user("bob", password=PASSWORD)
    browser.post("/login/", username="bob", password=PASSWORD)
    with (
        step("put the user of a request into words"),
        connected(got_request_exception, print_user),
    ):
        browser.get("/home/")
    (call,) = step.sent("got_request_exception")[0].calls
    step.claim("a lazy user is read, by the session", call.queries, 2, fact="repr-sql")


def _asking(step: Steps) -> None:
    evaluated: list[str] = []

    def load() -> str:
        evaluated.append("loaded")
        return "a user"

    lazy = SimpleLazyObject(load)
    with step("look at the type of a lazy object"):
        found = [thing for thing in (order_placed, lazy) if issubclass(type(thing), Signal)]
    step.claim("type() evaluates nothing", (len(found), evaluated), (1, []), fact="isinstance-lazy")

    with step("ask isinstance()"):
        found = [thing for thing in (order_placed, lazy) if isinstance(thing, Signal)]
    step.claim("isinstance() evaluates it", (len(found), evaluated), (1, ["loaded"]), fact="isinstance-lazy")

    evaluated.clear()
    text = lazy_text(load, str)()
    with step("ask isinstance() of a lazy text, as gettext_lazy() makes them"):
        isinstance(text, Signal)
    step.claim("it evaluates none", evaluated, [], fact="isinstance-lazy")
