"""Run what a site does, untraced and traced: logins, saves, many-to-many changes and deletes.

    python workload.py time ROUNDS SIZE        {"untraced": [ns, ...], "traced": [ns, ...]}
    python workload.py count SIZE              {"untraced": {"sends": n, "statements": n}, "traced": {...}}
    python workload.py once SIZE [traced]      run it, for whoever counts instructions from outside

SIZE 100 is 200 logins and 500 saves.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from http import HTTPStatus
from typing import Any

from tracing import build_tables, timed, traced

# isort: split
# Models can be imported now that Django is set up.
from django.contrib.auth.models import User
from django.db import connections
from django.db.models.signals import post_init, pre_init
from django.dispatch import Signal

from blog.models import Post, Tag
from sigexplorer.playground.browser import Browser

_METHODS = ("send", "send_robust")


def work(size: int) -> None:
    """Do it all, and leave the database as it was."""
    for _ in range(2 * size):
        browser = Browser()  # through WSGI, as servers call it
        browser.get("/login/")
        answer = browser.post("/login/", username="amy", password="wonderland")  # noqa: S106 - of nobody
        if answer.status != HTTPStatus.FOUND:
            raise SystemExit(f"the login was answered with {answer.status}")
    author = User.objects.get(username="amy")
    posts = []
    for number in range(5 * size):
        post = Post(author=author, title=f"Post {number}")
        post.save()
        posts.append(post)
    tags = [Tag.objects.create(name=f"tag-{number}") for number in range(5)]
    for post in posts[: 2 * size]:
        post.tags.add(*tags)
        post.tags.remove(tags[0])
    for post in posts[:size]:
        post.delete()
    Post.objects.all().delete()
    Tag.objects.all().delete()


@contextmanager
def counting() -> Iterator[dict[str, int]]:
    """Count what is sent, instances that are made aside, and each SQL statement."""
    counts = {"sends": 0, "statements": 0}

    def counter(original: Any) -> Any:
        def send(self: Signal, sender: Any, **named: Any) -> Any:
            counts["sends"] += self is not pre_init and self is not post_init  # which a trace only counts
            return original(self, sender, **named)

        return send

    def statement(execute: Any, *arguments: Any) -> Any:
        counts["statements"] += 1
        return execute(*arguments)

    found = {name: vars(Signal)[name] for name in _METHODS}
    for name, original in found.items():
        setattr(Signal, name, counter(original))
    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(statement))
        try:
            yield counts
        finally:
            for name, original in found.items():
                setattr(Signal, name, original)


def counted(size: int, *, trace: bool) -> dict[str, int]:
    """Return what one run sends and asks."""
    with counting() as counts, traced() if trace else nullcontext():
        work(size)
    return counts


def main(what: str, words: list[str]) -> None:
    """Measure and print."""
    build_tables()
    User.objects.create_user("amy", password="wonderland")  # noqa: S106 - of nobody
    random.seed(0)
    if what == "once":
        with traced() if "traced" in words else nullcontext():
            work(int(words[0]))
        return
    if what == "count":
        size = int(words[0])
        work(1)  # what happens once in a process is over
        found: dict[str, Any] = {"untraced": counted(size, trace=False), "traced": counted(size, trace=True)}
    else:
        rounds, size = map(int, words)
        found = {"untraced": [], "traced": []}
        for number in range(rounds + 1):
            for way, times in found.items():
                with traced() if way == "traced" else nullcontext():
                    took = timed(lambda: work(size))
                if number:
                    times.append(took)
    sys.stdout.write(f"{json.dumps(found)}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
