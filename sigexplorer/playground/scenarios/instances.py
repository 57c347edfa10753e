"""Objects are built more often than it seems, and not always when it seems."""

from __future__ import annotations

import copy
import pickle
from typing import Any

from django.db.models import Model
from django.db.models.signals import post_init, pre_init

from blog.models import Tag
from sigexplorer.playground.props import connected
from sigexplorer.playground.steps import Steps


def instances(step: Steps) -> None:
    """Read rows in many ways, refresh and copy objects, and look at them while they are built."""
    Tag.objects.bulk_create([Tag(name="django"), Tag(name="signals")])
    for part in (_reading, _twice, _half_built, _arguments, _copies):
        with step.part():
            part(step)


def _built(step: Steps) -> int:
    return len(step.sent("post_init", "blog.Tag"))


def _reading(step: Steps) -> None:
    with step("read rows without objects"):
        Tag.objects.count()
        list(Tag.objects.values("name"))
        list(Tag.objects.values_list("name", flat=True))
    step.claim("count(), values() and values_list() build nothing", _built(step), 0, fact="init-sources")

    with step("read two rows as objects, three times"):
        list(Tag.objects.all())
        list(Tag.objects.iterator())
        list(Tag.objects.raw("SELECT * FROM blog_tag"))
    step.claim("each row is an object, and announced", _built(step), 6, fact="init-sources")
    begun = len(step.sent("pre_init", "blog.Tag"))
    step.claim("when it begins and when it ends", begun, 6, fact="init-sources")


def _twice(step: Steps) -> None:
    with step("refresh an object"):
        tag = Tag(pk=Tag.objects.values_list("pk", flat=True)[0], name="old")
        tag.refresh_from_db()
    step.claim("a second one is built, and thrown away", _built(step), 2, fact="refresh")

    with step("read a field that was deferred"):
        tag = Tag.objects.only("pk")[0]
        _ = tag.name
    step.claim("so it is for one field", _built(step), 2, fact="refresh")
    if step.django >= (6, 1):
        _by_peers(step)


def _by_peers(step: Steps) -> None:
    from django.db import models  # its FETCH_PEERS is there from Django 6.1 on

    peers = models.FETCH_PEERS
    with step("read a field that was deferred, of all rows with one of them"):
        first, *_others = Tag.objects.only("pk").fetch_mode(peers)
        _ = first.name
    step.claim("only the rows themselves are objects", _built(step), 2, fact="refresh")


def _half_built(step: Steps) -> None:
    states: list[tuple[object, bool]] = []
    kinds: list[type] = []

    def look(instance: Model, **_kwargs: object) -> None:
        states.append((instance._state.db, instance._state.adding))

    def note_type(args: object, **_kwargs: object) -> None:
        kinds.append(type(args))

    with (
        step("look at a row's object in post_init"),
        connected(post_init, look, sender=Tag),
        connected(pre_init, note_type, sender=Tag),
    ):
        tag = Tag.objects.all()[0]
    step.claim(
        "it does not know yet that it comes from a database", states, [(None, True)], fact="init-state"
    )
    step.claim("later it does", (tag._state.db, tag._state.adding), ("default", False), fact="init-state")
    step.claim(
        "args of pre_init is a tuple, whatever the documentation says", kinds, [tuple], fact="init-state"
    )


def _arguments(step: Steps) -> None:
    kept: list[dict[str, Any]] = []
    sizes: list[int] = []

    def shout(kwargs: dict[str, Any], **_kwargs: object) -> None:
        kept.append(kwargs)
        sizes.append(len(kwargs))
        kwargs["name"] = kwargs["name"].upper()

    with step("change kwargs in pre_init"), connected(pre_init, shout, sender=Tag):
        tag = Tag(name="django")
    step.claim(
        "the object is built from what the receiver leaves", tag.name, "DJANGO", fact="pre-init-kwargs"
    )
    step.claim(
        "which uses it up: the dictionary is empty afterwards",
        (sizes, kept),
        ([1], [{}]),
        fact="pre-init-kwargs",
    )

    def keep(kwargs: dict[str, Any], **_kwargs: object) -> None:
        kept.append(kwargs)

    with step("build an object by pk, which is no field"), connected(pre_init, keep, sender=Tag):
        Tag(pk=5, name="django")
    told = "what is no column stays in the dictionary"
    step.claim(told, kept[-1], {"pk": 5}, fact="pre-init-kwargs")


def _copies(step: Steps) -> None:
    tag = Tag(name="django")
    with step("copy an object, and pickle it"):
        copies = [copy.copy(tag), pickle.loads(pickle.dumps(tag))]  # noqa: S301 - our own
    step.claim("there are two more", [one.name for one in copies], ["django", "django"], fact="copy-pickle")
    step.claim("of which no signal tells", _built(step), 0, fact="copy-pickle")
