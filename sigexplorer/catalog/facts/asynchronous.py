"""Facts about async receivers and asend()."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact
from sigexplorer.catalog.page import Note

FACTS = (
    Fact(
        id="async-order",
        statement=(
            "send() calls all sync receivers first, in the order of connection, then all async ones; asend()"
            " returns their responses in that order"
        ),
        why=(
            "Receivers are sorted into two lists before the first is called; the async ones run together. The"
            " fact sync-in-asend says who begins first under asend()."
        ),
        scenario="async-receivers",
        source=("django/dispatch/dispatcher.py: Signal.send",),
    ),
    Fact(
        id="async-in-send",
        statement=(
            "send() with an async receiver in the thread of a running event loop raises a RuntimeError, after"
            " the sync receivers have run"
        ),
        why="async_to_sync() cannot wait in the thread of a running loop. Use asend() there.",
        scenario="async-receivers",
        source=("django/dispatch/dispatcher.py: Signal.send",),
    ),
    Fact(
        id="sync-in-asend",
        statement="asend() runs sync receivers in another thread than that of the event loop",
        why=(
            "sync_to_async() keeps them from blocking the loop. When async receivers begin depends on"
            " the version."
        ),
        scenario="async-order",
        source=("django/dispatch/dispatcher.py: Signal.asend",),
        outcomes=(
            Note("The async receivers run beside them.", before=(6, 1)),
            Note("The async receivers begin after the last of them.", since=(6, 1)),
        ),
    ),
    Fact(
        id="async-cancel",
        statement="What becomes of the other async receivers when one fails depends on the version",
        why="gather() leaves them alone, a TaskGroup cancels them and collects the errors of several.",
        scenario="async-order",
        source=("django/dispatch/dispatcher.py: Signal.asend",),
        outcomes=(
            Note("They go on and end; of several errors the first comes out.", before=(6, 1)),
            Note("They are cancelled; several errors come out as an ExceptionGroup.", since=(6, 1)),
        ),
    ),
    Fact(
        id="async-context",
        statement="Who sees a context variable that an async receiver sets depends on the version",
        why=(
            "gather() gives each receiver a copy of the context; from 6.1 on they share one, which is"
            " restored into the sender."
        ),
        scenario="async-order",
        source=("django/dispatch/dispatcher.py: Signal.asend",),
        outcomes=(
            Note("Only the receiver itself sees it.", before=(6, 1)),
            Note("The other receivers see it, and so does the sender.", since=(6, 1)),
        ),
    ),
    Fact(
        id="async-orm",
        statement="asave(), acreate() and adelete() send what their sync siblings send, and with send()",
        why=(
            "They are the sync methods by sync_to_async(): in a thread, or in the one that waits in"
            " async_to_sync()."
        ),
        scenario="saving",
        source=("django/db/models/base.py: Model.asave", "django/db/models/base.py: Model.adelete"),
        signals=("pre_save", "post_save", "pre_delete", "post_delete"),
    ),
)
