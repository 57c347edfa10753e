"""Time a loop over model instances: untraced, traced by default, traced with each init signal recorded.

python iterating.py ROUNDS INSTANCES       {"untraced": [ns, ...], "traced": [...], "inits": [...]}
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext

from tracing import build_tables, timed, traced

from blog.models import Tag


def work() -> None:
    """Make an instance of each row."""
    for _ in Tag.objects.iterator():
        pass


def main(rounds: int, instances: int) -> None:
    """Measure and print."""
    build_tables()
    Tag.objects.bulk_create([Tag(name=f"tag-{number}") for number in range(instances)])
    ways = {"untraced": nullcontext, "traced": traced, "inits": lambda: traced(inits=True)}
    found: dict[str, list[int]] = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way, times in found.items():
            with ways[way]():
                took = timed(work)
            if number:
                times.append(took)
    sys.stdout.write(f"{json.dumps(found)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
