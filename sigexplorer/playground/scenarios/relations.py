"""Many-to-many relations, proxies and multi-table children."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone

from blog.models import Post, PublishedPost, Review, Tag
from sigexplorer.playground.steps import Steps


def many_to_many(step: Steps) -> None:
    """Tag a post in every way there is."""
    author = User.objects.create_user("amy")
    post = Post.objects.create(author=author, title="Signals")
    one, two, three = (Tag.objects.create(name=name) for name in ("one", "two", "three"))

    _add_and_remove(step, post, one, two)
    _set_and_clear(step, post, one, three)

    with step("add from the other side"):
        two.posts.add(post)
    first = step.sent("m2m_changed")[0]
    step.claim("reverse is true", first.argument("reverse"), fact="m2m-reverse")
    ends = (first.argument("instance"), first.argument("model"))
    step.claim(
        "instance and model change places", ends, ("<blog.Tag pk=2>", "<class blog.Post>"), fact="m2m-reverse"
    )
    step.claim(
        "the sender is the same", set(step.senders("m2m_changed")), {"blog.Post_tags"}, fact="m2m-reverse"
    )


def _add_and_remove(step: Steps, post: Post, one: Tag, two: Tag) -> None:
    with step("add two tags"):
        post.tags.add(one, two)
    step.claim("add() sends pre_add and post_add", _actions(step), ["pre_add", "post_add"], fact="m2m-seq")
    step.claim(
        "pk_set has the keys of the tags", step.sent()[-1].argument("pk_set"), f"{{{one.pk}, {two.pk}}}"
    )
    step.claim(
        "the sender is the through model",
        {dispatch.sender for dispatch in step.sent("m2m_changed")},
        {"blog.Post_tags"},
    )
    step.claim("rows of the through model send no save signals", step.sent("post_save"), [])

    with step("add a tag that is there already"):
        post.tags.add(one)
    step.claim("still two signals", _actions(step), ["pre_add", "post_add"])
    step.claim(
        "with an empty pk_set",
        {dispatch.argument("pk_set") for dispatch in step.sent("m2m_changed")},
        {"set()"},
    )

    with step("remove a tag"):
        post.tags.remove(one)
    actions = ["pre_remove", "post_remove"]
    step.claim("remove() sends pre_remove and post_remove", _actions(step), actions, fact="m2m-seq")


def _set_and_clear(step: Steps, post: Post, one: Tag, three: Tag) -> None:
    with step("set other tags"):
        post.tags.set([three])
    actions = ["pre_remove", "post_remove", "pre_add", "post_add"]
    step.claim("set() removes, then adds", _actions(step), actions, fact="m2m-seq")

    with step("set the same tags"):
        post.tags.set([three])
    step.claim("set() with nothing to do sends nothing", _actions(step), [], fact="m2m-seq")

    with step("set with clear=True"):
        post.tags.set([one], clear=True)
    actions = ["pre_clear", "post_clear", "pre_add", "post_add"]
    step.claim("set(clear=True) clears, then adds", _actions(step), actions, fact="m2m-seq")

    with step("clear"):
        post.tags.clear()
    actions = ["pre_clear", "post_clear"]
    step.claim("clear() sends pre_clear and post_clear", _actions(step), actions, fact="m2m-seq")
    step.claim(
        "with pk_set None", {dispatch.argument("pk_set") for dispatch in step.sent("m2m_changed")}, {None}
    )


def _actions(step: Steps) -> list[object]:
    return [dispatch.argument("action") for dispatch in step.sent("m2m_changed")]


def proxy_and_child_models(step: Steps) -> None:
    """Save and delete through a proxy and a multi-table child."""
    author = User.objects.create_user("amy")
    post = Post.objects.create(author=author, title="Signals", published_at=timezone.now())

    with step("save through the proxy"):
        PublishedPost.objects.get(pk=post.pk).save()
    step.claim("the sender is the proxy", step.senders("post_save"), ["blog.PublishedPost"], fact="proxy")
    step.claim(
        "receivers of the concrete model do not hear of it", step.called("post_save"), [], fact="proxy"
    )

    with step("save the concrete model"):
        post.save()
    step.claim(
        "the same row, saved as a Post, is heard",
        step.called("post_save"),
        ["reindex", "write_audit_entry"],
        fact="proxy",
    )

    _child(step, author)


def _child(step: Steps, author: User) -> None:
    with step("save a child"):
        review = Review.objects.create(author=author, title="Django", rating=5)
    step.claim(
        "a child sends for itself, not for its parent",
        (step.senders("pre_save"), step.senders("post_save")),
        (["blog.Review"], ["blog.Review"]),
        fact="mti",
    )
    step.claim(
        "though it writes a row of the parent too", Post.objects.filter(pk=review.pk).exists(), fact="mti"
    )

    with step("delete a child"):
        review.delete()
    step.claim(
        "deleting it sends for both",
        [sorted(map(str, step.senders(name))) for name in ("pre_delete", "post_delete")],
        [["blog.Post", "blog.Review"]] * 2,
        fact="mti",
    )
    step.claim("so receivers of the parent hear of it only now", step.called("post_delete"), ["reindex"])

    review = Review.objects.create(author=author, title="Signals", rating=5)
    with step("delete a child with keep_parents=True"):
        review.delete(keep_parents=True)
    told = "then of the child alone"
    step.claim(told, step.senders("post_delete"), ["blog.Review"], fact="mti")
