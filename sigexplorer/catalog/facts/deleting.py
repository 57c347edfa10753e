"""Facts about deleting rows, and what is lost on the fast path."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact

FACTS = (
    Fact(
        id="cascade",
        statement=(
            "delete() sends for every row of the cascade: first every pre_delete, then post_delete"
            " model by model, with the origin of all"
        ),
        why=(
            "The collector gathers all rows before it deletes the first. origin is the object or"
            " queryset whose delete() was called."
        ),
        scenario="deleting",
        source=(
            "django/db/models/deletion.py: Collector.collect",
            "django/db/models/deletion.py: Collector.delete",
        ),
        signals=("pre_delete", "post_delete"),
    ),
    Fact(
        id="fast-delete",
        statement="Where nobody listens and nothing points at the rows, delete() sends no signal at all",
        why=(
            "Without listeners Django needs no instances, and deletes by one statement. A connected"
            " receiver ends that."
        ),
        scenario="deleting",
        source=("django/db/models/deletion.py: Collector.can_fast_delete",),
        signals=("pre_delete", "post_delete"),
    ),
    Fact(
        id="fast-delete-cascade",
        statement="Children can go without any signal while their parent is announced",
        why="The fast path is chosen for each model of the cascade.",
        scenario="deleting",
        source=("django/db/models/deletion.py: Collector.collect",),
        signals=("pre_delete", "post_delete"),
    ),
    Fact(
        id="listening-cost",
        statement=(
            "A receiver of pre_delete or post_delete without a sender makes every delete() read its"
            " rows first"
        ),
        why="has_listeners() is asked for every model. Name the sender.",
        scenario="deleting",
        source=("django/db/models/deletion.py: Collector._has_signal_listeners",),
        signals=("pre_delete", "post_delete"),
    ),
    Fact(
        id="raw-delete",
        statement="_raw_delete() sends nothing, even where receivers are connected",
        why="It is the DELETE alone, which Django uses itself for the rows of many-to-many tables.",
        scenario="bulk-operations",
        source=("django/db/models/query.py: QuerySet._raw_delete",),
        signals=("pre_delete", "post_delete"),
    ),
    Fact(
        id="set-null",
        statement="on_delete=SET_NULL and SET_DEFAULT change other rows without any signal",
        why="The collector updates them by one statement.",
        scenario="deleting",
        source=("django/db/models/deletion.py: SET_NULL", "django/db/models/deletion.py: SET_DEFAULT"),
        signals=("pre_save", "post_save", "pre_delete", "post_delete"),
    ),
    Fact(
        id="delete-pk",
        statement="In post_delete the instance still has its key; after delete() it is None",
        why="The collector takes the keys away at its very end.",
        scenario="deleting",
        source=("django/db/models/deletion.py: Collector.delete",),
        signals=("post_delete",),
    ),
    Fact(
        id="delete-atomic",
        statement=(
            "An exception in post_delete undoes the deletion, an exception in post_save undoes nothing"
        ),
        why=(
            "The collector sends inside of its transaction; save() has committed before, unless an"
            " atomic() is around it."
        ),
        scenario="errors",
        source=(
            "django/db/models/deletion.py: Collector.delete",
            "django/db/models/base.py: Model.save_base",
        ),
        signals=("post_delete", "post_save"),
    ),
    Fact(
        id="db-cascade",
        statement="on_delete=DB_CASCADE deletes rows without any signal, even where receivers are connected",
        why="The rows go inside of the database, and Django never sees them.",
        scenario="database-cascade",
        source=("django/db/models/deletion.py: DatabaseOnDelete",),
        signals=("pre_delete", "post_delete"),
        added=(6, 1),
    ),
)
