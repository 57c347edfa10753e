"""Nobody's code runs when an object is put into words, whatever the object is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from capturing import check_words, observing
from django.apps import apps
from django.apps.registry import Apps
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.dispatch import Signal
from django.http import HttpRequest
from django.template import Template
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy
from hostile_things import HOSTILE, alert, hostile

from blog.models import Comment, Post, Tag
from sigexplorer.capture import words

#: Places in which a value may be found.
PLACES: dict[str, Callable[[Any], Any]] = {
    "alone": lambda thing: thing,
    "in a list": lambda thing: [thing, thing],
    "in a tuple": lambda thing: (thing,),
    "in a dict": lambda thing: {"key": thing},
    "in an error": ValueError,
    "deeper": lambda thing: {"a": [({"b": thing},)]},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("thing", HOSTILE)
def test_a_value_runs_no_code_of_its_own(thing: str, place: str) -> None:
    """No method, property or metaclass of an object is asked anything when it is put into words."""
    held = PLACES[place](HOSTILE[thing]())
    with alert() as called:
        text = words.value(held)
    assert called == []
    check_words(text)


@pytest.mark.parametrize("thing", HOSTILE)
def test_a_sender_runs_no_code_of_its_own(thing: str) -> None:
    """The same for what a signal is sent by."""
    held = HOSTILE[thing]()
    with alert() as called:
        text = words.sender(held)
    assert called == []
    check_words(text)


@pytest.mark.parametrize("thing", ["hostile str", "hostile int", "hostile object", "hostile tuple"])
def test_keys_and_members_of_sets_run_no_code(thing: str) -> None:
    """What is a key, or a member of a set, is neither hashed nor compared once more."""
    held = HOSTILE[thing]()
    collections_of_it = [{held: 1}, {held}, frozenset({held})]
    with alert() as called:
        texts = [words.value(collection) for collection in collections_of_it]
    assert called == []
    for text in texts:
        check_words(text)


@pytest.mark.parametrize("thing", HOSTILE)
def test_a_dispatch_of_it_costs_no_record(thing: str) -> None:
    """Sent as an argument and by itself, answered and raised, it is recorded without a fault."""
    held = HOSTILE[thing]()
    signal = Signal()

    def receiver(**_named: object) -> object:
        return held

    with observing() as tracer:
        signal.send(receiver, held=held)
        signal.connect(receiver)
        signal.send(Tag, held=held, more=[held])
        signal.send_robust(Tag, held=held)
    dispatches = tracer.trace().dispatches
    assert len(dispatches) == 3
    for dispatch in dispatches:
        for _, text in dispatch.arguments:
            check_words(text)
        for call in dispatch.calls:
            assert call.outcome == "returned"
            check_words(call.result)


@pytest.mark.parametrize(
    "kind",
    [ValueError, hostile(Exception), hostile(KeyError), type("Own", (Exception,), {"args": property(vars)})],
)
def test_an_error_is_read_from_its_own_arguments(kind: type[Exception]) -> None:
    """An exception is its type and its arguments, whatever its methods say."""
    problem = kind("message", 7)
    with alert() as called:
        text = words.error(problem)
    assert called == []
    assert text.endswith("message, 7")


def test_an_argument_name_that_is_no_plain_text() -> None:
    """A keyword whose name is a hostile subclass of str becomes a plain one."""
    name = hostile(str)("name")
    with observing() as tracer:
        Signal().send(None, **{name: 1})
    ((recorded, value),) = tracer.trace().dispatches[0].arguments
    assert type(recorded) is str
    assert (str(recorded), value) == ("name", 1)


def test_a_dispatch_uid_that_answers_for_its_class() -> None:
    """A dispatch_uid is looked at by its type, not by what it says it is."""

    def receiver(**_named: object) -> None:
        """Receive."""

    signal = Signal()
    signal.connect(receiver, dispatch_uid=hostile(object)())
    with observing() as tracer, alert() as called:
        signal.send(None)
    assert called == []
    assert tracer.trace().dispatches[0].calls[0].dispatch_uid == "<HostileObject>"


def test_a_mock_is_not_called() -> None:
    """Mocks note what is done to them; nothing is."""
    for thing in (mock.Mock(), mock.MagicMock(), mock.MagicMock(spec=Tag), mock.AsyncMock(), mock.sentinel.a):
        parent = mock.Mock()
        if isinstance(thing, mock.NonCallableMock):
            parent.attach_mock(thing, "thing")
        check_words(words.value(thing))
        check_words(words.sender(thing))
        check_words(words.value([thing, {"a": thing}]))
        assert parent.mock_calls == []
    assert words.value(mock.Mock()) == "<Mock>"


def test_a_model_with_hostile_methods_is_a_label_and_a_key() -> None:
    """An instance whose every method notices is shown by its model and what its own dict holds."""
    instance = HOSTILE["model instance"]()
    with alert() as called:
        assert words.value(instance) == "<blog.HostileModel pk=7>"
    assert called == []


@pytest.fixture
def queries(database: None) -> Any:
    """Return the statements that were executed meanwhile."""
    assert database is None
    executed: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        executed.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield executed


def test_model_instances_are_a_label_and_a_key(queries: list[str]) -> None:
    """An instance is never turned into text by its own methods, which may fetch others."""
    user = User.objects.create(username="ada")
    post = Post.objects.create(title="first", author=user)
    comment = Comment.objects.create(post=post, name="reader")
    comment = Comment.objects.get(pk=comment.pk)
    deferred = Post.objects.defer("title").get()
    partial = Post.objects.only("title").get()
    queries.clear()
    assert words.value(comment) == f"<blog.Comment pk={comment.pk}>"
    assert words.value(deferred) == words.value(partial) == f"<blog.Post pk={post.pk}>"
    assert words.value(Tag(name="unsaved")) == "<blog.Tag pk=None>"
    assert words.value([comment]) == f"[<blog.Comment pk={comment.pk}>]"
    assert words.value(Comment) == "<class blog.Comment>"
    assert words.sender(Comment) == "blog.Comment"
    assert words.sender(Post.tags.through) == "blog.Post_tags"
    assert words.sender(comment) == f"<blog.Comment pk={comment.pk}>"
    assert queries == []
    assert "post" not in comment._state.fields_cache


def test_a_deferred_key_is_not_fetched(queries: list[str]) -> None:
    """An instance without its key says so; it is not asked for it."""
    tag = Tag.objects.create(name="a")
    del tag.__dict__["id"]
    queries.clear()
    assert words.value(tag) == "<blog.Tag pk=None>"
    assert queries == []


def test_a_composite_key_is_told_in_full() -> None:
    """An instance with a key of several fields shows them all, at any time."""
    registry = Apps()

    class Seat(models.Model):
        pk = models.CompositePrimaryKey("row", "number")
        row = models.CharField(max_length=2)
        number = models.IntegerField()

        class Meta:
            app_label = "blog"
            apps = registry

        def __str__(self) -> str:
            return "seat"

    assert words.value(Seat(row="A", number=7)) == "<blog.Seat pk=('A', 7)>"


def test_querysets_are_not_evaluated(queries: list[str]) -> None:
    """A queryset is its model; looking at it fetches nothing."""
    untouched = Tag.objects.all()
    assert words.value(untouched) == "<QuerySet blog.Tag>"
    assert words.value({"origin": untouched}) == "{'origin': <QuerySet blog.Tag>}"
    assert words.value(Tag.objects.values("name")) == "<QuerySet blog.Tag>"
    check_words(words.value(Tag.objects))
    check_words(words.value(Tag.objects.raw("select 1")))
    assert untouched._result_cache is None
    assert queries == []


def test_lazy_objects_stay_as_they_are(queries: list[str]) -> None:
    """What is not evaluated stays so; what is evaluated is shown as what it wraps."""
    user = User.objects.create(username="ada")
    queries.clear()
    lazy = SimpleLazyObject(User.objects.get)
    assert words.value(lazy) == "<SimpleLazyObject, not evaluated>"
    assert type(lazy.__dict__["_wrapped"]) is object
    assert queries == []
    assert lazy.username == "ada"
    assert words.value(lazy) == f"<auth.User pk={user.pk}>"
    check_words(words.value(gettext_lazy("Yes")))
    assert words.value(AnonymousUser()) == "<AnonymousUser>"


def test_requests_apps_templates_and_connections() -> None:
    """Other objects that Django sends are named by what tells them apart."""
    request = HttpRequest()
    request.method, request.path = "GET", "/blog/1/"
    request.META["HTTP_COOKIE"] = "sessionid=abc"
    assert words.value(request) == "<HttpRequest GET /blog/1/>"
    assert words.value(apps.get_app_config("blog")) == "<BlogConfig blog>"
    assert words.sender(apps.get_app_config("blog")) == "blog"
    assert words.value(Template("x", name="blog/post.html")) == "<Template blog/post.html>"
    assert "sqlite" in str(words.value(connection._connections["default"]))
    check_words(words.value(HttpRequest()))
    check_words(words.value(Template("no name")))


def test_a_secret_key_of_a_model_is_not_shown() -> None:
    """The key of a session is the session."""
    session = Session(session_key="s3cr3t-session-key")
    assert words.value(session) == f"<sessions.Session pk={words.SECRET}>"
