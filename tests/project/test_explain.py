"""What is told to run, against what ran: the same signals, senders and receivers in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django
import pytest
from django.apps.registry import Apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.db.models import signals as of_models
from django.test.utils import CaptureQueriesContext

from blog.models import AuditEntry, Category, Comment, Post, Profile, PublishedPost, Review, Tag
from sigexplorer.answers import Event, What
from sigexplorer.capture.tracer import Tracer
from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.model import Trace
from sigexplorer.playground.boot import PLAYGROUND
from sigexplorer.project.cascade import Cascade
from sigexplorer.project.explain import explain
from sigexplorer.project.models import find_model, label

#: An installed app that does nothing when it is ready: its label is that of models in a registry apart.
HOME = "django.contrib.sessions"
ZOO = "sessions"

Told = list[tuple[str, str, tuple[str, ...]]]


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    """Empty every table, before and afterwards."""
    PLAYGROUND.reset()
    yield
    PLAYGROUND.reset()


def told(model: Any, operation: What) -> Told:
    """Return signal, sender and receivers of what ``explain`` tells to be sent."""
    (explained,) = explain(model, operation)
    return [
        (event.name, event.sender, tuple(one.receiver for one in event.receivers))
        for event in explained.events
        if event.kind == "sent"
    ]


def events(model: Any, operation: What) -> dict[str, Event]:
    """Return what is not sent, by the model it is about."""
    (explained,) = explain(model, operation)
    return {event.sender: event for event in explained.events if event.kind != "sent"}


def traced(run: Callable[[], object]) -> Trace:
    """Return what happens while something runs."""
    tracer = Tracer("test", listened=False)
    tracer.start()
    try:
        run()
    finally:
        tracer.stop()
    assert tracer.faults == []
    return tracer.trace()


def ran(run: Callable[[], object], *groups: str) -> Told:
    """Return signal, sender and receivers of what was sent of some groups, nothing that receivers caused."""
    sends = [
        (dispatch.name, str(dispatch.sender), tuple(call.receiver for call in dispatch.calls))
        for dispatch in traced(run).dispatches
        if dispatch.group in groups and dispatch.parent is None
    ]
    return list(dict.fromkeys(sends))


def world() -> dict[str, Any]:
    """Fill the blog: something of everything, related in every way."""
    ada = User.objects.create(username="ada")
    tag = Tag.objects.create(name="t")
    shelf = Category.objects.create(name="c")
    post = Post.objects.create(author=ada, title="p", category=shelf)
    review = Review.objects.create(author=ada, title="r", rating=1, category=shelf)
    for one in (post, review):
        one.tags.add(tag)
    LogEntry.objects.create(user=ada, action_flag=1, object_repr="x")
    return {
        "auth.User": ada,
        "blog.Tag": tag,
        "blog.Category": shelf,
        "blog.Post": post,
        "blog.Review": review,
        "blog.Profile": Profile.objects.get(user=ada),
        "blog.Comment": Comment.objects.create(post=post, name="n", text="t"),
        "blog.AuditEntry": AuditEntry.objects.create(text="x"),
    }


@pytest.mark.parametrize("model", [User, Tag, Category, Review, Profile, Comment, AuditEntry], ids=label)
def test_a_delete_goes_as_it_was_told(model: Any) -> None:
    """Deleting an object sends what was told, in that order; and so does deleting a queryset of it."""
    one = world()[label(model)]
    expected, key = told(model, "delete"), one.pk
    assert ran(one.delete, "delete") == expected
    PLAYGROUND.reset()
    world()
    assert ran(model.objects.filter(pk=key).delete, "delete") == expected


def test_deleting_a_parent_deletes_its_children_too() -> None:
    """Deleting the parent's row of a multi-table child sends the signals of both."""
    review = world()["blog.Review"]
    assert ran(Post.objects.get(pk=review.pk).delete, "delete") == told(Post, "delete")
    assert [(name, sender) for name, sender, _ in told(Post, "delete")] == [
        ("pre_delete", "blog.Review"),
        ("pre_delete", "blog.Post"),
        ("post_delete", "blog.Review"),
        ("post_delete", "blog.Post"),
    ]


def test_what_goes_by_the_fast_path_is_told() -> None:
    """Rows that Django deletes in one statement send nothing, and are those that the trace found bypassed."""
    one = world()["auth.User"]
    silent = {sender for sender, event in events(User, "delete").items() if event.name == "DELETE"}
    bypassed = {bypass.model for bypass in traced(one.delete).bypasses}
    assert silent == bypassed
    assert "blog.Comment" in silent


@contextmanager
def listening(signal: Any, sender: Any = None) -> Iterator[None]:
    """Listen for a moment."""

    def listen(**_named: object) -> None:
        """Be there."""

    signal.connect(listen, sender=sender)
    try:
        yield
    finally:
        assert signal.disconnect(listen, sender=sender)


@pytest.mark.parametrize("sender", [None, Comment], ids=["every", "comment"])
def test_a_receiver_takes_the_fast_path_away(sender: Any) -> None:
    """With a catch-all receiver, or one of the model, its rows are deleted one by one, with their signals."""
    one = world()["auth.User"]
    with listening(of_models.post_delete, sender):
        expected = told(User, "delete")
        assert "blog.Comment" in {model for _, model, _ in expected}
        assert ran(one.delete, "delete") == expected


@pytest.mark.parametrize("model", [User, Post, PublishedPost, Review, Comment, Tag], ids=label)
def test_a_save_goes_as_it_was_told(model: Any) -> None:
    """Saving sends what was told: for the child alone, for the proxy as itself."""
    known = world()
    one = (
        known[label(model)]
        if model is not PublishedPost
        else PublishedPost(author=known["auth.User"], title="x")
    )
    assert ran(one.save, "save") == told(model, "save")


def test_only_the_child_is_sent_for() -> None:
    """Of a multi-table child the parent's row is written, and told to be, without signals of its own."""
    assert [(name, sender) for name, sender, _ in told(Review, "save")] == [
        ("pre_save", "blog.Review"),
        ("post_save", "blog.Review"),
    ]
    assert events(Review, "save")["blog.Post"].kind == "silent"


def test_building_an_object_goes_as_it_was_told() -> None:
    """Building an object sends the init signals, of a proxy as the proxy."""
    for model in (Tag, PublishedPost):
        assert ran(model, "init") == told(model, "init")


def test_tagging_goes_as_it_was_told() -> None:
    """Each change of tags, from either side, sends what was told."""
    known = world()
    post, tag = known["blog.Post"], Tag.objects.create(name="u")
    for change in (
        lambda: post.tags.add(tag),
        lambda: post.tags.remove(tag),
        lambda: tag.posts.add(post),
        post.tags.clear,
    ):
        assert ran(change, "m2m") == told(Post, "m2m") == told(Tag, "m2m")
    assert told(Post, "m2m") == [("m2m_changed", "blog.Post_tags", ("blog.receivers.count_retagging",))]


def test_the_fast_path_of_add_is_told() -> None:
    """Where nobody listens, add() is told to send nothing, remove() and clear() to send all the same."""
    ada = world()["auth.User"]
    group = Group.objects.create(name="g")
    assert events(User, "m2m")["auth.User_groups"].when.startswith("groups.add()")
    assert ran(lambda: ada.groups.add(group), "m2m") == []
    sent = [one for one in told(User, "m2m") if one[1] == "auth.User_groups"]
    assert ran(lambda: ada.groups.remove(group), "m2m") == sent
    with listening(of_models.m2m_changed, User.groups.through):
        assert "auth.User_groups" not in events(User, "m2m")


def test_a_proxy_is_explained_as_itself() -> None:
    """A proxy sends as itself; of its concrete model's receivers it has only those for every sender."""
    assert told(PublishedPost, "save") == [
        ("pre_save", "blog.PublishedPost", ()),
        ("post_save", "blog.PublishedPost", ()),
    ]
    (explained,) = explain(Post, "save")
    assert any("blog.PublishedPost" in note for note in explained.notes)
    assert any("blog.Review" in note for note in explained.notes)


def test_every_operation_that_makes_sense_is_explained() -> None:
    """Without --on a model is explained whole; many-to-many only where it has some."""
    assert [one.operation for one in explain(Post, None)] == ["init", "save", "m2m", "delete"]
    assert [one.operation for one in explain(Comment, None)] == ["init", "save", "delete"]
    with pytest.raises(UsageError, match="no many-to-many"):
        explain(Comment, "m2m")


def test_an_automatic_through_model_sends_nothing() -> None:
    """Rows of an automatic through model send neither save nor delete signals."""
    through = Post.tags.through
    assert told(through, "save") == []
    with listening(of_models.pre_delete):
        assert told(through, "delete") == []
        assert events(through, "delete")["blog.Post_tags"].kind == "silent"


def test_models_are_found_by_name() -> None:
    """A model is found by its label or its own name, in any case; an unknown one names the nearest three."""
    assert find_model("blog.post") is Post
    assert find_model("Comment") is Comment
    assert find_model("blog.Post_tags") is Post.tags.through
    with pytest.raises(UnknownNameError) as problem:
        find_model("blog.Pots")
    assert problem.value.hint.startswith("nearest: blog.Post")
    assert problem.value.hint.count(",") == 2
    with pytest.raises(UsageError, match="no model is named"):
        find_model("")


def test_an_abstract_model_is_known_as_one() -> None:
    """A model without a table is no unknown name: who inherits it is to be asked about."""
    for name in ("auth.AbstractUser", "abstractuser", "django.contrib.auth.models.AbstractUser"):
        with pytest.raises(UsageError, match="is abstract") as problem:
            find_model(name)
        assert problem.value.hint == "ask about auth.User"


@pytest.fixture(scope="module")
def zoo() -> dict[str, Any]:
    """Define models in a registry of their own that refer to each other by every on_delete."""
    mine = Apps([HOME])

    def model(name: str, *bases: type, **fields: Any) -> Any:
        meta = type("Meta", (), {"app_label": ZOO, "apps": mine})
        return type(name, bases or (models.Model,), {"__module__": __name__, "Meta": meta, **fields})

    def to(target: Any, rule: Any = models.CASCADE, **named: Any) -> Any:
        return models.ForeignKey(target, on_delete=rule, related_name="+", **named)

    keeper = model("Keeper")
    cage = model("Cage", keeper=to(keeper), inner=to("self", null=True))
    animal = model("Animal", cage=to(cage))
    found = {
        "Keeper": keeper,
        "Cage": cage,
        "Animal": animal,
        "Lion": model("Lion", animal, mane=models.BooleanField(default=True)),
        "Meal": model("Meal", animal=to(animal, null=True), keeper=to(keeper)),
        "Visit": model("Visit", cage=to(cage, models.SET_NULL, null=True)),
        "Default": model("Default", cage=to(cage, models.SET_DEFAULT, null=True, default=None)),
        "Chosen": model("Chosen", cage=to(cage, models.SET(None), null=True)),
        "Left": model("Left", cage=to(cage, models.DO_NOTHING, db_constraint=False)),
        "Leaf": model("Leaf", meal=to(f"{ZOO}.Meal")),
    }
    if django.VERSION >= (6, 1):
        found["Gone"] = model("Gone", leaf=to(f"{ZOO}.Leaf", models.DB_CASCADE))
    return found


def test_a_cascade_of_any_length_is_told() -> None:
    """A chain of models is followed to its end, and goes from that end, however long it is."""
    mine = Apps([HOME])
    meta = {"Meta": type("Meta", (), {"app_label": ZOO, "apps": mine}), "__module__": __name__}
    first = above = type("Link0", (models.Model,), dict(meta))
    length = 400
    for number in range(1, length):
        field = models.ForeignKey(above, on_delete=models.CASCADE, related_name="+")
        above = type(f"Link{number}", (models.Model,), {**meta, "above": field})
    cascade = Cascade(first)
    assert [model.__name__ for model in cascade.models()] == [f"Link{n}" for n in reversed(range(length - 1))]
    assert [one.model.__name__ for one in cascade.related] == [f"Link{length - 1}"]  # the last goes fast


def test_other_rows_of_the_model_itself_are_told() -> None:
    """Deleting an object deletes the rows of its own model that refer to it as well, and says so."""
    mine = Apps([HOME])
    meta = {"Meta": type("Meta", (), {"app_label": ZOO, "apps": mine}), "__module__": __name__}
    above = models.ForeignKey("self", on_delete=models.CASCADE, related_name="+")
    node = type("Branch", (models.Model,), {**meta, "above": above})
    with listening(of_models.pre_delete, node):
        (explained,) = explain(node, "delete")
    whens = {event.when for event in explained.events if event.kind == "sent"}
    assert whens == {f"the object itself, and rows by {ZOO}.Branch.above (CASCADE)"}


def test_rows_of_parents_are_written_as_told() -> None:
    """A parent's row is written after its own parents', as the SQL of the save says."""
    mine = Apps([HOME])
    meta = {"Meta": type("Meta", (), {"app_label": ZOO, "apps": mine}), "__module__": __name__}
    ancestor = type("Ancestor", (models.Model,), dict(meta))
    between = type("Between", (ancestor,), dict(meta))
    side = type("Side", (models.Model,), {**meta, "side": models.AutoField(primary_key=True)})
    heir = type("Heir", (between, side), dict(meta))
    with connection.schema_editor() as editor:
        for one in (ancestor, between, side, heir):
            editor.create_model(one)
    with CaptureQueriesContext(connection) as captured:
        heir().save()
    written = [one["sql"].split('"')[1] for one in captured if one["sql"].startswith("INSERT")]
    tables = {label(one): one._meta.db_table for one in (ancestor, between, side, heir)}
    assert [*(tables[name] for name in events(heir, "save")), tables[label(heir)]] == written


def test_a_relation_without_an_accessor_is_not_told() -> None:
    """What is symmetrical, or hidden by a name that ends in "+", has one manager: the field's own."""
    mine = Apps([HOME])
    meta = {"Meta": type("Meta", (), {"app_label": ZOO, "apps": mine}), "__module__": __name__}
    tag = type("Label", (models.Model,), dict(meta))
    hidden = models.ManyToManyField(tag, related_name="+")
    node = type("Node", (models.Model,), {
        **meta, "friends": models.ManyToManyField("self"), "labels": hidden,
        "follows": models.ManyToManyField("self", symmetrical=False, related_name="followers"),
    })  # fmt: skip
    (explained,) = explain(node, "m2m")
    managers = {event.when.partition(".")[0] for event in explained.events}
    assert managers == {"friends", "labels", "follows", "followers"}
    with pytest.raises(UsageError, match="no many-to-many"):
        explain(tag, "m2m")


def test_a_model_that_is_swapped_out_is_explained() -> None:
    """Its many-to-many fields have no through model, and nothing is told of them."""
    meta = type("Meta", (), {"app_label": ZOO, "apps": Apps([HOME]), "swappable": "AUTH_USER_MODEL"})
    member = {"Meta": meta, "__module__": __name__, "groups": models.ManyToManyField(Group)}
    explained = explain(type("Member", (models.Model,), member), None)
    assert [one.operation for one in explained] == ["init", "save", "delete"]
    assert explained[0].notes == ("it is swapped out for auth.User, and has no table",)


def populate(zoo: dict[str, Any]) -> Any:
    """Give every model of the zoo a row, and return the keeper."""
    keeper = zoo["Keeper"].objects.create()
    cage = zoo["Cage"].objects.create(keeper=keeper)
    zoo["Cage"].objects.create(keeper=keeper, inner=cage)
    animal = zoo["Animal"].objects.create(cage=cage)
    zoo["Lion"].objects.create(cage=cage)
    meal = zoo["Meal"].objects.create(animal=animal, keeper=keeper)
    for name in ("Visit", "Default", "Chosen"):
        zoo[name].objects.create(cage=cage)
    leaf = zoo["Leaf"].objects.create(meal=meal)
    if "Gone" in zoo:
        zoo["Gone"].objects.create(leaf=leaf)
    return keeper


@pytest.mark.parametrize("heard", [False, True], ids=["unheard", "heard"])
def test_every_rule_goes_as_it_was_told(heard: bool, zoo: dict[str, Any]) -> None:  # noqa: FBT001
    """A cascade over every kind of relation sends what was told, in Django's order, heard or not."""
    with connection.schema_editor() as editor:
        for one in zoo.values():
            editor.create_model(one)
    keeper = populate(zoo)
    if heard:
        with listening(of_models.pre_delete):
            expected = told(zoo["Keeper"], "delete")
            assert ran(keeper.delete, "delete") == expected
    else:
        expected = told(zoo["Keeper"], "delete")
        assert ran(keeper.delete, "delete") == expected
    assert ("pre_delete", f"{ZOO}.Lion") in {(name, sender) for name, sender, _ in expected}


def test_every_rule_is_told(zoo: dict[str, Any]) -> None:
    """Of each related model it is told what becomes of its rows, and by which rule."""
    fates = {sender: (event.name, event.when) for sender, event in events(zoo["Cage"], "delete").items()}
    assert fates[f"{ZOO}.Visit"][0] == fates[f"{ZOO}.Default"][0] == fates[f"{ZOO}.Chosen"][0] == "UPDATE"
    assert "SET_NULL" in fates[f"{ZOO}.Visit"][1]
    assert "SET_DEFAULT" in fates[f"{ZOO}.Default"][1]
    assert "SET()" in fates[f"{ZOO}.Chosen"][1]
    assert fates[f"{ZOO}.Left"][0] == "nothing"
    if "Gone" in zoo:
        assert "DB_CASCADE" in events(zoo["Leaf"], "delete")[f"{ZOO}.Gone"].when


@pytest.mark.parametrize("rule", [models.PROTECT, models.RESTRICT], ids=["PROTECT", "RESTRICT"])
def test_what_stops_a_delete_comes_first(rule: Any) -> None:
    """A relation that forbids the deletion is told before anything is sent."""
    mine = Apps([HOME])
    meta = {"Meta": type("Meta", (), {"app_label": ZOO, "apps": mine}), "__module__": __name__}
    target = type("Target", (models.Model,), dict(meta))
    type("Guard", (models.Model,), {**meta, "target": models.ForeignKey(target, on_delete=rule)})
    (explained,) = explain(target, "delete")
    first = explained.events[0]
    assert (first.kind, first.sender) == ("stopped", f"{ZOO}.Guard")
    assert rule.__name__ in first.when


def test_a_rule_of_ones_own_and_a_generic_relation_are_told() -> None:
    """A function as on_delete is said to be unknown; rows of a generic relation are deleted by it."""
    mine = Apps([HOME])
    meta = {"Meta": type("Meta", (), {"app_label": ZOO, "apps": mine}), "__module__": __name__}

    def my_rule(*_arguments: object) -> None:
        """Do what nobody knows."""

    note = type("Note", (models.Model,), {
        **meta, "content_type": models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+"),
        "object_id": models.IntegerField(), "about": GenericForeignKey(),
    })  # fmt: skip
    target = type("Target", (models.Model,), {**meta, "notes": GenericRelation(note)})
    type("Odd", (models.Model,), {**meta, "target": models.ForeignKey(target, on_delete=my_rule)})
    fates = events(target, "delete")
    assert "my_rule" in fates[f"{ZOO}.Odd"].when
    assert fates[f"{ZOO}.Note"].name == "DELETE"
    assert f"{ZOO}.Target.notes" in fates[f"{ZOO}.Note"].when
