"""Facts about senders, and how a receiver is matched with one."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact
from sigexplorer.catalog.page import Note

FACTS = (
    Fact(
        id="lazy-sender",
        statement=(
            "The text 'app.Model' stands for a model only where one connects to, or disconnects from, the"
            " signals of init, save, delete and m2m_changed"
        ),
        why=(
            "They are instances of ModelSignal, which looks the model up; a plain Signal, such as"
            " class_prepared, compares the sender with the text itself, by identity."
        ),
        scenario="senders",
        source=(
            "django/db/models/signals.py: ModelSignal._lazy_method",
            "django/dispatch/dispatcher.py: Signal.connect",
        ),
        signals=(
            "pre_init",
            "post_init",
            "pre_save",
            "post_save",
            "pre_delete",
            "post_delete",
            "m2m_changed",
        ),
    ),
    Fact(
        id="lazy-typo",
        statement=(
            "A typing error in 'app.Model' is accepted as long as the dot is there, and the receiver is not"
            " called"
        ),
        why=(
            "connect() waits for a model of that name to be defined, and none ever is. In the name of the"
            " model capital letters do not matter. sigexplorer check finds the error."
        ),
        scenario="senders",
        source=("django/db/models/utils.py: make_model_tuple",),
        signals=(
            "pre_init",
            "post_init",
            "pre_save",
            "post_save",
            "pre_delete",
            "post_delete",
            "m2m_changed",
        ),
    ),
    Fact(
        id="str-sender",
        statement=(
            "The sender of user_login_failed is a text, and a receiver connected to an equal text may"
            " never be called"
        ),
        why=(
            "Senders are compared by identity, and equal texts need not be one object. Connect"
            " without a sender."
        ),
        scenario="senders",
        source=(
            "django/contrib/auth/__init__.py: authenticate",
            "django/dispatch/dispatcher.py: Signal.connect",
        ),
        signals=("user_login_failed",),
    ),
    Fact(
        id="appconfig-sender",
        statement=(
            "The sender of pre_migrate and post_migrate is the instance of an AppConfig, neither its"
            " class nor its label"
        ),
        why=(
            "Both are sent with the configurations that the registry holds. Connect with sender=self"
            " in ready()."
        ),
        scenario="senders",
        source=("django/core/management/sql.py: emit_post_migrate_signal",),
        signals=("pre_migrate", "post_migrate"),
    ),
    Fact(
        id="abstract",
        statement=(
            "Connecting to an abstract model, or to a base class, is accepted and does not fire for its"
            " subclasses, but for the parent's row that goes when a multi-table child is deleted"
        ),
        why=(
            "The sender is the very class that is built, saved or deleted; there is no inheritance among"
            " senders."
        ),
        scenario="senders",
        source=("django/dispatch/dispatcher.py: Signal.send",),
        signals=("pre_save", "post_save", "pre_delete", "post_delete", "pre_init", "post_init"),
    ),
    Fact(
        id="sender-none-order",
        statement=(
            "Receivers with and without a sender are called in one common order, that of connection, the sync"
            " ones before the async ones"
        ),
        why="One list holds them all, and a send sorts out of it those that it calls.",
        scenario="senders",
        source=("django/dispatch/dispatcher.py: Signal.send",),
    ),
    Fact(
        id="sender-id-reuse",
        statement="What becomes of a receiver whose sender is garbage-collected depends on the version",
        why=(
            "A registration knows its sender by its id, which Python gives to another object. Later"
            " versions hold a weak reference to the sender too."
        ),
        scenario="senders",
        source=("django/dispatch/dispatcher.py: Signal.connect",),
        outcomes=(
            Note("It may be called for another object with the same id.", before=(6, 0)),
            Note(
                "It is dropped with its sender; only where no weak reference to that is possible may it be"
                " called for another object with the same id.",
                since=(6, 0),
            ),
        ),
    ),
    Fact(
        id="caching-sender",
        statement=(
            "With use_caching a sender of None or a text is fine while nobody listens, to whatever sender,"
            " and a TypeError while somebody does"
        ),
        why=(
            "The cache is a WeakKeyDictionary, which cannot hold None or texts; without receivers"
            " nothing is looked up. The signals of models are such signals."
        ),
        scenario="senders",
        source=("django/dispatch/dispatcher.py: Signal.__init__",),
        signals=(
            "pre_init",
            "post_init",
            "pre_save",
            "post_save",
            "pre_delete",
            "post_delete",
            "m2m_changed",
        ),
    ),
    Fact(
        id="unhashable-sender",
        statement=(
            "A sender must be hashable while somebody listens: an instance without a key raises a TypeError"
        ),
        why=(
            "The sender is a key of the cache of receivers. An instance whose key has a default has a hash"
            " before it is saved. Send from a class."
        ),
        scenario="senders",
        source=("django/dispatch/dispatcher.py: Signal.send",),
    ),
    Fact(
        id="proxy",
        statement=(
            "Saving through a proxy has the proxy as its sender, and receivers of the concrete model"
            " are not called"
        ),
        why=(
            "The sender is the class that save() is called on, and proxy and model are two. Connect to both."
        ),
        scenario="proxy-and-child-models",
        source=("django/db/models/base.py: Model.save_base",),
        signals=("pre_save", "post_save"),
    ),
    Fact(
        id="mti",
        statement=(
            "A multi-table child is saved with signals of the child only, and deleted with those of"
            " child and parent, unless the parent's row is kept"
        ),
        why=(
            "save_base() sends once for the class that is saved; the collector of deletions treats"
            " the parent as a row of its own, which delete(keep_parents=True) does not collect."
        ),
        scenario="proxy-and-child-models",
        source=(
            "django/db/models/base.py: Model.save_base",
            "django/db/models/deletion.py: Collector.collect",
        ),
        signals=("pre_save", "post_save", "pre_delete", "post_delete"),
    ),
)
