"""Facts about many-to-many relations."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact

FACTS = (
    Fact(
        id="m2m-seq",
        statement=(
            "add, remove, clear and set send pairs of m2m_changed, and set() with nothing to do sends nothing"
        ),
        why=("set() removes what is too much and adds what is missing; with clear=True it clears first."),
        scenario="many-to-many",
        source=("django/db/models/fields/related_descriptors.py: create_forward_many_to_many_manager",),
        signals=("m2m_changed",),
    ),
    Fact(
        id="m2m-pkset",
        statement=(
            "pk_set lists what is missing for add(), whatever was passed for remove(), and is None"
            " for clear()"
        ),
        why=(
            "add() looks for the rows that are there and may find nothing to do, which is sent all"
            " the same; remove() does not look."
        ),
        scenario="through-models",
        source=("django/db/models/fields/related_descriptors.py: create_forward_many_to_many_manager",),
        signals=("m2m_changed",),
    ),
    Fact(
        id="m2m-reverse",
        statement=(
            "From the other side of the relation instance and model change places and reverse is"
            " True; the sender is the same"
        ),
        why="The sender is always the through model. Read the arguments by reverse.",
        scenario="many-to-many",
        source=("django/db/models/fields/related_descriptors.py: create_forward_many_to_many_manager",),
        signals=("m2m_changed",),
    ),
    Fact(
        id="m2m-through",
        statement=(
            "Saving and deleting rows of a through model sends save and delete signals and no m2m_changed;"
            " add(), remove(), set() and clear() send m2m_changed, and beside it delete signals only, of a"
            " through model of one's own where somebody hears them"
        ),
        why=(
            "The managers write rows in bulk, and take them away by a queryset, which announces them as any"
            " other does, unless Django made the model itself. Listen to both where both are used."
        ),
        scenario="through-models",
        source=("django/db/models/fields/related_descriptors.py: create_forward_many_to_many_manager",),
        signals=("m2m_changed", "pre_save", "post_save", "pre_delete", "post_delete"),
    ),
    Fact(
        id="m2m-symmetrical",
        statement="A symmetrical relation writes two rows and sends one pair of signals",
        why="The mirror rows are added without a second pair.",
        scenario="through-models",
        source=("django/db/models/fields/related_descriptors.py: create_forward_many_to_many_manager",),
        signals=("m2m_changed",),
    ),
    Fact(
        id="m2m-fast-add",
        statement=(
            "Where nobody listens add() sends no m2m_changed and reads no rows first; remove() and clear()"
            " always send"
        ),
        why=(
            "add() can then leave finding the missing rows to the database, and asks has_listeners() first."
        ),
        scenario="through-models",
        source=("django/db/models/fields/related_descriptors.py: create_forward_many_to_many_manager",),
        signals=("m2m_changed",),
    ),
    Fact(
        id="m2m-delete",
        statement="Deleting an object removes its many-to-many rows without m2m_changed",
        why="The rows go like those of any other cascade, without instances.",
        scenario="delete-cascade",
        source=("django/db/models/deletion.py: Collector.delete",),
        signals=("m2m_changed", "pre_delete", "post_delete"),
    ),
)
