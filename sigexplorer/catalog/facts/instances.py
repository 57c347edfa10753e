"""Facts about building objects, and about looking at them."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact

FACTS = (
    Fact(
        id="init-sources",
        statement=(
            "Init signals come once for each object that the constructor builds, by raw() and iterator() too,"
            " and not for values() or count()"
        ),
        why=(
            "They are sent by the constructor, two for each object: a query of 10,000 objects sends 20,000 of"
            " them."
        ),
        scenario="instances",
        source=("django/db/models/base.py: Model.__init__", "django/db/models/base.py: Model.from_db"),
        signals=("pre_init", "post_init"),
    ),
    Fact(
        id="refresh",
        statement="refresh_from_db() and reading a deferred field build a second object and throw it away",
        why=(
            "Both read the row with a queryset of their own, and copy the fields. Fetch modes that read a"
            " deferred field for many objects at once (FETCH_PEERS, from Django 6.1 on) build none."
        ),
        scenario="instances",
        source=("django/db/models/base.py: Model.refresh_from_db",),
        signals=("pre_init", "post_init"),
    ),
    Fact(
        id="init-state",
        statement=(
            "In post_init an object does not know yet that it comes from a database, and the args of"
            " pre_init are a tuple"
        ),
        why="from_db() sets _state after the constructor has ended; the documentation says list.",
        scenario="instances",
        source=("django/db/models/base.py: Model.from_db", "docs: ref/signals pre_init"),
        signals=("pre_init", "post_init"),
    ),
    Fact(
        id="pre-init-kwargs",
        statement=(
            "The kwargs of pre_init are the ones that the object is built from, and have lost every column"
            " afterwards"
        ),
        why=(
            "The constructor pops them from that very dictionary: a receiver can change them, and one"
            " that keeps them has nothing but what is no column, such as pk."
        ),
        scenario="instances",
        source=("django/db/models/base.py: Model.__init__",),
        signals=("pre_init",),
    ),
    Fact(
        id="copy-pickle",
        statement="copy.copy() and unpickling make objects without init signals",
        why="Neither calls __init__().",
        scenario="instances",
        source=("django/db/models/base.py: Model.__reduce__", "django/db/models/base.py: model_unpickle"),
        signals=("pre_init", "post_init"),
    ),
    Fact(
        id="repr-sql",
        statement=(
            "Putting the arguments of a signal into words can run SQL: str() of an instance, repr() of the"
            " queryset that is its origin, str() of the user of its request"
        ),
        why=(
            "A __str__() may follow a foreign key, the repr() of a queryset reads its rows, and request.user"
            " is read when it is first looked at. Log labels and keys."
        ),
        scenario="looking",
        source=(
            "django/db/models/query.py: QuerySet.__repr__",
            "django/utils/functional.py: SimpleLazyObject",
        ),
        signals=("pre_save", "post_save", "pre_delete", "post_delete", "got_request_exception"),
    ),
    Fact(
        id="isinstance-lazy",
        statement="isinstance(thing, Signal) evaluates a LazyObject, such as settings or a request's user",
        why=(
            "isinstance() asks for __class__, which such an object answers by loading what it stands"
            " for; a lazy text does not. Use issubclass(type(thing), Signal)."
        ),
        scenario="looking",
        source=("django/utils/functional.py: LazyObject",),
    ),
)
