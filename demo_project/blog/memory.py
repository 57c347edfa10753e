"""What the receivers leave behind: stand-ins for a mail server, a search engine and statistics.

All of it is gone when the process ends, and none of it grows without bound.
"""

from collections import Counter, deque

#: Messages to subscribers, newest last.
outbox: deque[str] = deque(maxlen=100)

#: Titles of published posts, newest last.
feed: deque[str] = deque(maxlen=100)

#: What the search engine must do next: ``"update default:1"``, ``"remove default:1"``.
search_queue: deque[str] = deque(maxlen=100)

#: How often what happened: ``"login failed"``, ``"tags post_add"``.
counts: Counter[str] = Counter()


def clear() -> None:
    """Forget everything."""
    for memory in (outbox, feed, search_queue, counts):
        memory.clear()
