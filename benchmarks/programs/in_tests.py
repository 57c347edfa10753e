"""Save a thousand rows again and again, as a test does, untraced and inside of ``sigexplorer.trace()``.

    python in_tests.py ROUNDS ROWS

Comments have no receivers and one INSERT each, posts two receivers that save in turn; all of
it in a transaction, in memory. Prints ``{"comments": {"untraced": [s, ...], "traced": [s, ...],
"with origins": [...]}, "posts": ...}``: seconds of CPU. In each round every way has its turn.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from time import thread_time
from typing import Any

from sigexplorer import trace
from sigexplorer.playground import runs

WAYS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "untraced": nullcontext,
    "traced": trace,
    "with origins": partial(trace, origins=True),
}


def comments(rows: int) -> None:
    """Save comments."""
    from blog.models import Comment, Post

    post = Post.objects.get()
    for _ in range(rows):
        Comment(post=post, name="name", text="text").save()


def posts(rows: int) -> None:
    """Save posts."""
    from blog.models import Post

    author = Post.objects.get().author
    for _ in range(rows):
        Post(title="title", author=author).save()


def seconds(act: Callable[[], None], around: Callable[[], AbstractContextManager[Any]]) -> float:
    """Return how long it takes; what it saved is gone afterwards."""
    from django.db import transaction

    gc.collect()
    with transaction.atomic():
        start = thread_time()
        with around():
            act()
        took = thread_time() - start
        transaction.set_rollback(True)
    return took


def main(rounds: int, rows: int) -> None:
    """Measure; the first round does not count."""
    with runs.open_playground(listen=False):
        from django.contrib.auth.models import User

        from blog.models import Post

        Post.objects.create(title="first", author=User.objects.create(username="ada"))
        found: dict[str, dict[str, list[float]]] = {}
        for act in (comments, posts):
            times = [
                {way: seconds(partial(act, rows), around) for way, around in WAYS.items()}
                for _ in range(rounds + 1)
            ]
            found[act.__name__] = {way: [each[way] for each in times[1:]] for way in WAYS}
    sys.stdout.write(f"{json.dumps(found)}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
