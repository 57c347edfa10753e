"""Send and send: untraced, then recorded to disk, a part of each at a time.

    python sustained.py DISPATCHES             {"untraced": [ns, ...], "traced": [ns, ...], "grown": bytes}

Nanoseconds of CPU for one dispatch, for each of eight parts; ``grown`` is how much memory the
process holds more at the end than when it had just begun to record.
"""

from __future__ import annotations

import json
import sys

from django.db.models.signals import post_save
from tracing import SAVED, resident, timed, traced

from blog.models import Tag

_PARTS = 8


def receiver(**_named: object) -> None:
    """Receive."""


def main(dispatches: int) -> None:
    """Measure and print."""
    post_save.connect(receiver, sender=Tag)
    instance = Tag(pk=1, name="django")
    part = max(1, dispatches // _PARTS)

    def work() -> None:
        send = post_save.send
        for _ in range(part):
            send(sender=Tag, instance=instance, **SAVED)

    work()
    untraced = [timed(work) / part for _ in range(_PARTS)]
    with traced():
        work()
        before = resident()
        recorded = [timed(work) / part for _ in range(_PARTS)]
        grown = resident() - before
    again = [timed(work) / part for _ in range(_PARTS)]
    between = [(first + last) / 2 for first, last in zip(untraced, again, strict=True)]
    sys.stdout.write(f"{json.dumps({'untraced': between, 'traced': recorded, 'grown': grown})}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
