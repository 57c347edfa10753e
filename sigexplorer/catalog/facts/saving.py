"""Facts about saving rows."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact
from sigexplorer.catalog.page import Note

FACTS = (
    Fact(
        id="deferred",
        statement=(
            "Saving an instance of which fields are deferred yet, by only() or defer(), passes update_fields"
            " although nobody asked, unless nothing but its key was loaded or it goes to another database"
        ),
        why="save() writes only the fields that were loaded, where there are any, and says so.",
        scenario="update-user",
        source=("django/db/models/base.py: Model.save",),
        signals=("pre_save", "post_save"),
    ),
    Fact(
        id="raw",
        statement="loaddata saves with raw=True and does not call an overridden save()",
        why=(
            "Rows of a fixture are written as they are, by save_base(raw=True); others that they"
            " refer to may not be there yet."
        ),
        scenario="saving",
        source=(
            "django/core/serializers/base.py: DeserializedObject.save",
            "django/db/models/base.py: Model.save_base",
        ),
        signals=("pre_save", "post_save", "m2m_changed"),
        outcomes=(
            Note("m2m_changed does not say that it is raw.", before=(6, 1)),
            Note("m2m_changed has raw=True too.", since=(6, 1)),
        ),
    ),
    Fact(
        id="bulk",
        statement="bulk_create(), bulk_update() and update(), also of an F() expression, send no save signal",
        why=(
            "They are SQL for many rows, without an instance to send. sigexplorer trace shows which"
            " receivers were passed by."
        ),
        scenario="bulk-operations",
        source=(
            "django/db/models/query.py: QuerySet.update",
            "django/db/models/query.py: QuerySet.bulk_create",
            "django/db/models/query.py: QuerySet.bulk_update",
        ),
        signals=("pre_save", "post_save"),
    ),
    Fact(
        id="f-expr",
        statement=(
            "What an attribute that was assigned an F() expression holds in post_save depends on the version"
        ),
        why="Later versions fetch the value with the UPDATE itself, where the database can return it.",
        scenario="saving",
        source=("django/db/models/base.py: Model.save_base",),
        signals=("post_save",),
        outcomes=(
            Note("The expression still; read it with refresh_from_db().", before=(6, 0)),
            Note("The value; where the database cannot return it, it is read when one looks.", since=(6, 0)),
        ),
    ),
    Fact(
        id="get-or-create",
        statement=(
            "get_or_create() that finds a row sends no save signal; update_or_create() that finds one sends"
            " both, with update_fields, where there is anything to write; of a new row both say created"
        ),
        why=(
            "The one only reads; the other saves the fields of defaults, and those that pre_save of a"
            " field sets, or every field where a name in defaults is none of a column."
        ),
        scenario="update-user",
        source=(
            "django/db/models/query.py: QuerySet.get_or_create",
            "django/db/models/query.py: QuerySet.update_or_create",
        ),
        signals=("pre_save", "post_save"),
    ),
    Fact(
        id="empty-update-fields",
        statement="save(update_fields=[]) sends nothing at all",
        why="There is nothing to write, and save() returns at once.",
        scenario="update-user",
        source=("django/db/models/base.py: Model.save",),
        signals=("pre_save", "post_save"),
    ),
    Fact(
        id="pre-save-update-fields",
        statement=(
            "A field that a receiver of pre_save changes outside of update_fields changes the object"
            " and not the row"
        ),
        why="The columns to write were chosen before.",
        scenario="saving",
        source=("django/db/models/base.py: Model.save_base",),
        signals=("pre_save",),
    ),
    Fact(
        id="created",
        statement=(
            "created=False in post_save means that a row with the key was there, not that the object is an"
            " old one"
        ),
        why=(
            "With a key Django tries the UPDATE first, whoever set the key, or a SELECT where there is"
            " nothing else to write. Only a new object whose key has a default is inserted at once: a key"
            " that exists is an error there. Of a multi-table child the row of the child counts."
        ),
        scenario="saving",
        source=("django/db/models/base.py: Model._save_table",),
        signals=("post_save",),
    ),
    Fact(
        id="m2m-form",
        statement="The form of a model sends post_save before it sets many-to-many values",
        why=(
            "The row must be there before anything can refer to it: save_m2m() comes second. Listen"
            " to m2m_changed."
        ),
        scenario="saving",
        source=("django/forms/models.py: BaseModelForm.save",),
        signals=("post_save", "m2m_changed"),
    ),
    Fact(
        id="using",
        statement=(
            "using names the database; a row that is copied to another one is created there, unless one with"
            " its key is there"
        ),
        why="Whether a row is new is asked of the database that is written to.",
        scenario="two-databases",
        source=("django/db/models/base.py: Model.save_base",),
        signals=("pre_save", "post_save"),
    ),
)
