"""Facts about deleting rows, and what is lost on the fast path."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact

FACTS = (
    Fact(
        id="cascade",
        statement=(
            "delete() sends for each row that it collects, of the whole cascade, but for those of"
            " automatic through models: first every pre_delete, then post_delete model by model, with the"
            " origin of all"
        ),
        why=(
            "The collector gathers rows before it deletes the first; what goes by the fast path it does not"
            " gather, and does not announce. origin is the object or queryset whose delete() was called."
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
        statement=(
            "delete() sends no signal at all where nobody listens to the model, no model refers to it, and"
            " it has neither a parent with a table nor a generic relation"
        ),
        why=(
            "Then Django needs no instances, and deletes by one statement. Else both signals are sent,"
            " whether anybody hears them or not: of a tag, since posts might have it, and of a multi-table"
            " child and its parent. What refers with DO_NOTHING, or by order of the database, does not count."
        ),
        scenario="deleting",
        source=("django/db/models/deletion.py: Collector.can_fast_delete",),
        signals=("pre_delete", "post_delete"),
    ),
    Fact(
        id="fast-delete-cascade",
        statement=(
            "What refers to a row can go without any signal while the row is announced, even what a receiver"
            " of its pre_delete has added"
        ),
        why=(
            "The fast path is chosen for each model of the cascade, and its rows are looked for when they"
            " are deleted, after every pre_delete."
        ),
        scenario="deleting",
        source=("django/db/models/deletion.py: Collector.collect",),
        signals=("pre_delete", "post_delete"),
    ),
    Fact(
        id="listening-cost",
        statement=(
            "A receiver of pre_delete or post_delete without a sender makes each delete() of a queryset read"
            " its rows first, and each delete() of an object what goes with it; the object itself is not read"
        ),
        why=(
            "has_listeners() is asked for every model, and what is announced must be there as an object. Name"
            " the sender."
        ),
        scenario="deleting",
        source=("django/db/models/deletion.py: Collector._has_signal_listeners",),
        signals=("pre_delete", "post_delete"),
    ),
    Fact(
        id="raw-delete",
        statement="_raw_delete() sends nothing, even where receivers are connected",
        why="It is the DELETE alone, by which rows go on the fast path of delete().",
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
        statement=(
            "In post_delete the instance still has its key; after delete() it is None, but the key of its"
            " parent that a multi-table child has beside it stays"
        ),
        why=(
            "The collector takes the keys away at its very end, of the objects that it has collected. Of a"
            " key of several fields each part is None."
        ),
        scenario="deleting",
        source=("django/db/models/deletion.py: Collector.delete",),
        signals=("post_delete",),
    ),
    Fact(
        id="delete-atomic",
        statement=(
            "An exception in post_delete undoes the deletion, an exception in post_save undoes nothing unless"
            " there is a transaction around save()"
        ),
        why=(
            "The collector sends inside of its transaction; save() has committed before, unless an"
            " atomic() is around it, as in get_or_create() and update_or_create()."
        ),
        scenario="errors",
        source=(
            "django/db/models/deletion.py: Collector.delete",
            "django/db/models/base.py: Model.save_base",
            "django/db/models/query.py: QuerySet.get_or_create",
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
