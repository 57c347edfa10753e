"""Saving rows one by one."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.management import call_command

from blog.models import Post, Tag
from sigexplorer.playground.place import demo_folder
from sigexplorer.playground.steps import Steps


def save_user(step: Steps) -> None:
    """Save a new user, then save it again."""
    with step("save a new user"):
        user = User.objects.create_user("amy", email="amy@example.org")
    names = ["pre_save", "post_save", "pre_save", "post_save"]
    step.claim("one save() sends pre_save and post_save, and so does the profile's", step.names(), names)
    (sent,) = step.sent("post_save", "auth.User")
    step.claim("a new row has created=True", sent.argument("created"))
    step.claim(
        "in pre_save there is no key yet",
        step.sent("pre_save")[0].argument("instance"),
        "<auth.User pk=None>",
    )
    step.claim("in post_save there is one", sent.argument("instance"), f"<auth.User pk={user.pk}>")

    with step("save it again"):
        user.save()
    (sent,) = step.sent("post_save", "auth.User")
    step.claim("an existing row has created=False", sent.argument("created"), expected=False)
    step.claim("update_fields is None when all fields are written", sent.argument("update_fields"), None)
    step.claim("no second profile is made", step.names(), ["pre_save", "post_save"])


def update_user(step: Steps) -> None:
    """Change a user with save(), save(update_fields), a deferred instance and update()."""
    user = User.objects.create_user("amy")

    with step("save(update_fields=[...])"):
        user.first_name = "Amy"
        user.save(update_fields=["first_name"])
    fields = step.sent("post_save")[0].argument("update_fields")
    step.claim("update_fields tells which fields are written", fields, "{'first_name'}")

    with step("save(update_fields=[])"):
        user.save(update_fields=[])
    step.claim("an empty update_fields sends nothing at all", step.names(), [], fact="empty-update-fields")

    with step("save instances with deferred fields"):
        User.objects.only("first_name").get(pk=user.pk).save()
        User.objects.defer("first_name").get(pk=user.pk).save()
    only, defer = (str(sent.argument("update_fields")) for sent in step.sent("post_save"))
    step.claim(
        "Django sets update_fields to the fields that were loaded", only, "{'first_name'}", fact="deferred"
    )
    left = ("'last_name'" in defer, "'first_name'" in defer)
    step.claim("and leaves out those that were deferred", left, (True, False), fact="deferred")
    _write_all(step)
    _find_and_update(step, user)


def _write_all(step: Steps) -> None:
    tag = Tag.objects.create(name="deferred")
    with step("save one with nothing but its key, one that was read on, and one to another database"):
        Tag.objects.only("pk").get(pk=tag.pk).save()
        read = Tag.objects.only("pk").get(pk=tag.pk)
        read.name = read.name.upper()
        read.save()
        Tag.objects.defer("name").get(pk=tag.pk).save(using="archive")
    fields = [sent.argument("update_fields") for sent in step.sent("post_save")]
    step.claim("of these all fields are written", fields, [None] * 3, fact="deferred")


def _find_and_update(step: Steps, user: User) -> None:
    with step("update_or_create() of a row that exists"):
        User.objects.update_or_create(username="amy", defaults={"last_name": "Pond"})
    names = ["pre_save", "post_save"]
    step.claim("update_or_create() saves, and names the fields", step.names(), names, fact="get-or-create")
    fields = str(step.sent("post_save")[0].argument("update_fields"))
    step.claim("those of defaults are among them", "'last_name'" in fields, fact="get-or-create")

    with step("update_or_create() of it with a default that is no field"):
        User.objects.update_or_create(username="amy", defaults={"pk": user.pk})
    (sent,) = step.sent("post_save")
    step.claim("then all fields are saved", sent.argument("update_fields"), None, fact="get-or-create")

    with step("update_or_create() without defaults: of it, and of a tag"):
        User.objects.update_or_create(username="amy")
        Tag.objects.update_or_create(name="DEFERRED")
    saved = [(sent.sender, sent.argument("update_fields")) for sent in step.sent("post_save")]
    dates = [("auth.User", "{'date_joined', 'last_login'}")]
    told = "fields with a pre_save() of their own are saved, and of a tag, which has none, nothing"
    step.claim(told, saved, dates, fact="get-or-create")

    with step("update_or_create() and get_or_create() of new rows"):
        Tag.objects.update_or_create(name="django")
        Tag.objects.get_or_create(name="signals")
    new = [(sent.argument("created"), sent.argument("update_fields")) for sent in step.sent("post_save")]
    step.claim("both create them, with no update_fields", new, [(True, None)] * 2, fact="get-or-create")

    with step("get_or_create() of a row that exists"):
        User.objects.get_or_create(username="amy")
    step.claim("get_or_create() that finds a row saves nothing", step.names(), [], fact="get-or-create")

    with step("QuerySet.update()"):
        User.objects.filter(pk=user.pk).update(first_name="Amelia")
    step.claim("update() sends no signal", step.names(), [])
    (bypass,) = step.bypasses()
    step.claim("though it changes a row that receivers listen to", bypass.rows, 1)


def load_fixture(step: Steps) -> None:
    """Load a fixture: rows are saved as they are."""
    fixture = demo_folder() / "blog" / "fixtures" / "blog.json"  # whole: loaddata looks in this folder, too
    with step("loaddata blog.json"):
        call_command("loaddata", fixture, verbosity=0)
    saved = step.sent("post_save")
    step.claim("every object of the fixture sends post_save", len(saved), 7)
    step.claim("always with raw=True", {dispatch.argument("raw") for dispatch in saved}, {True})
    step.claim("receivers that honour raw save nothing more", len(step.sent("pre_save")), 7)
    raw = [dict(dispatch.arguments).get("raw") for dispatch in step.sent("m2m_changed")]
    step.claim(
        "tags are added with m2m_changed, which says raw from 6.1 on",
        raw,
        [None, None] if step.django < (6, 1) else [True, True],
    )
    step.claim("the fixture's user keeps its one profile", User.objects.get(username="grace").profile.pk, 100)


def nested_signals(step: Steps) -> None:
    """Save a post: a receiver writes an audit entry, which is a save of its own."""
    author = User.objects.create_user("amy")
    with step("save a post"):
        Post.objects.create(author=author, title="Signals")
    outer = step.sent("post_save", "blog.Post")[0]
    inner = step.sent("post_save", "blog.AuditEntry")[0]
    names = [call.receiver for call in outer.calls]
    step.claim(
        "the post's receivers run in the order in which they were connected",
        names,
        ["blog.receivers.reindex", "blog.receivers.write_audit_entry"],
    )
    step.claim("the entry is saved inside of the post's post_save", inner.parent, outer.id)
    step.claim("by its second receiver", inner.parent_call, 1)
    step.claim("which therefore costs SQL of its own", outer.calls[1].queries > outer.calls[0].queries)

    with step("save a tag"):
        Tag.objects.create(name="django")
    step.claim(
        "nobody listens to tags, so nothing is nested", {dispatch.parent for dispatch in step.sent()}, {None}
    )
