"""Facts about senders, and how a receiver is matched with one."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact
from sigexplorer.catalog.page import Note

FACTS = (
    Fact(
        id="lazy-sender",
        statement="The text 'app.Model' stands for a model only in signals of models",
        why=(
            "ModelSignal looks the model up; a plain Signal compares the sender with the text itself,"
            " by identity."
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
        statement="A typing error in 'app.Model' is accepted, and the receiver is never called",
        why=(
            "connect() waits for a model of that name to be defined, and none ever is. sigexplorer"
            " check finds it."
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
            "Connecting to an abstract model, or to a base class, is accepted and never fires for its"
            " subclasses"
        ),
        why="The sender is the very class that is saved; there is no inheritance among senders.",
        scenario="senders",
        source=("django/dispatch/dispatcher.py: Signal.send",),
        signals=("pre_save", "post_save", "pre_delete", "post_delete", "pre_init", "post_init"),
    ),
    Fact(
        id="sender-none-order",
        statement="Receivers with and without a sender are called in one common order, that of connection",
        why="One list holds them all, and a send goes through it once.",
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
            "With use_caching a sender of None or a text is fine until somebody listens, and a"
            " TypeError from then on"
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
            "A sender must be hashable as soon as somebody listens: an unsaved instance raises a TypeError"
        ),
        why="The sender is a key of the cache of receivers. Send from a class.",
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
            " child and parent"
        ),
        why=(
            "save_base() sends once for the class that is saved; the collector of deletions treats"
            " the parent as a row of its own."
        ),
        scenario="proxy-and-child-models",
        source=(
            "django/db/models/base.py: Model.save_base",
            "django/db/models/deletion.py: Collector.collect",
        ),
        signals=("pre_save", "post_save", "pre_delete", "post_delete"),
    ),
)
