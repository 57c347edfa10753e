"""How much longer code takes inside of ``sigexplorer.trace()``: a thousand saves, side by side.

    python benchmarks/testing_speed.py

Comments have no receivers and one INSERT each, posts two receivers that save in turn. Saved in
a transaction, in memory; the best of several runs each, in turn, in seconds of the processor.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from time import thread_time
from typing import Any

from sigexplorer import trace
from sigexplorer.playground import runs

RUNS = 25
ROWS = 1_000


def comments() -> None:
    """Save comments."""
    from blog.models import Comment, Post

    post = Post.objects.get()
    for _ in range(ROWS):
        Comment(post=post, name="name", text="text").save()


def posts() -> None:
    """Save posts."""
    from blog.models import Post

    author = Post.objects.get().author
    for _ in range(ROWS):
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


def main() -> None:
    """Measure."""
    with runs.open_playground(listen=False):
        from django.contrib.auth.models import User

        from blog.models import Post

        Post.objects.create(title="first", author=User.objects.create(username="ada"))
        for act in (comments, posts):
            plain, traced, sent_by = (
                min(times)
                for times in zip(
                    *(
                        (
                            seconds(act, nullcontext),
                            seconds(act, trace),
                            seconds(act, lambda: trace(origins=True)),
                        )
                        for _ in range(RUNS)
                    ),
                    strict=True,
                )
            )
            sys.stdout.write(
                f"{ROWS:,} {act.__name__}: {plain * 1e3:.0f} ms, traced {100 * (traced / plain - 1):+.1f} %,"
                f" with origins {100 * (sent_by / plain - 1):+.1f} %\n"
            )


if __name__ == "__main__":
    main()
