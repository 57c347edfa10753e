"""Facts about many-to-many relations."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact

FACTS = (
    Fact(
        id="m2m-seq",
        statement=(
            "add(), remove(), clear() and set() send pairs of m2m_changed where somebody listens, and set()"
            " of what is there already sends nothing"
        ),
        why=(
            "set() removes what is too much and adds what is missing; with clear=True it clears first,"
            " whatever is there. The fact m2m-fast-add says what is sent where nobody listens."
        ),
        scenario="many-to-many",
        source=("django/db/models/fields/related_descriptors.py: create_forward_many_to_many_manager",),
        signals=("m2m_changed",),
    ),
    Fact(
        id="m2m-pkset",
        statement=(
            "pk_set lists what is missing for add(), whatever was passed for remove(), and is None"
            " for clear(); what it lists are the values that the through model refers by, which are primary"
            " keys unless its foreign key has a to_field"
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
            "Saving and deleting rows of a through model of one's own sends save and delete signals and no"
            " m2m_changed, of an automatic one nothing at all; add(), remove(), set() and clear() send"
            " m2m_changed, and beside it only what delete() of a queryset sends of a model of one's own"
        ),
        why=(
            "The managers write rows in bulk, and take them away by a queryset, which announces them as any"
            " other does, and rows of models that Django made itself never are. Listen to both where both are"
            " used."
        ),
        scenario="through-models",
        source=("django/db/models/fields/related_descriptors.py: create_forward_many_to_many_manager",),
        signals=("m2m_changed", "pre_save", "post_save", "pre_delete", "post_delete"),
    ),
    Fact(
        id="m2m-symmetrical",
        statement="Relating two objects symmetrically writes two rows and sends one pair of signals",
        why="The mirror rows are added without a second pair.",
        scenario="through-models",
        source=("django/db/models/fields/related_descriptors.py: create_forward_many_to_many_manager",),
        signals=("m2m_changed",),
    ),
    Fact(
        id="m2m-fast-add",
        statement=(
            "Where nobody listens add() sends no m2m_changed, and reads no rows first where the through model"
            " is an automatic one; remove() of something and clear() send all the same"
        ),
        why=(
            "add() asks has_listeners(), and can then leave finding the missing rows to the database, where"
            " that can ignore conflicts: those of a model of one's own must come out."
        ),
        scenario="through-models",
        source=("django/db/models/fields/related_descriptors.py: create_forward_many_to_many_manager",),
        signals=("m2m_changed",),
    ),
    Fact(
        id="m2m-delete",
        statement="Deleting an object sends no m2m_changed for its many-to-many rows",
        why=(
            "The rows go like those of any other cascade: those of a through model of one's own are announced"
            " by delete signals as such, those of an automatic one not at all."
        ),
        scenario="delete-cascade",
        source=("django/db/models/deletion.py: Collector.delete",),
        signals=("m2m_changed", "pre_delete", "post_delete"),
    ),
)
