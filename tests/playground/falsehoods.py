"""Ways to make facts false: a Django that does otherwise, another receiver, another version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sigexplorer.model import SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Falsify = Callable[[pytest.MonkeyPatch], None]

#: By id of the fact, what makes it false. Django and the project are set up when it is called.
FALSEHOODS: dict[str, Falsify] = {}


def falsifies(*ids: str) -> Callable[[Falsify], Falsify]:
    """Note a way to make some facts false."""

    def note(way: Falsify) -> Falsify:
        FALSEHOODS.update(dict.fromkeys(ids, way))
        return way

    return note


@falsifies("weak-local", "weak-lambda", "rebind", "dead-receivers")
def connect_is_strong(patch: pytest.MonkeyPatch) -> None:
    """Hold every receiver by a strong reference."""
    from django.dispatch import Signal

    original = Signal.connect

    def connect(self: Signal, receiver: Any, **options: Any) -> None:
        original(self, receiver, **{**options, "weak": False})

    patch.setattr(Signal, "connect", connect)


@falsifies("dup", "uid")
def connect_never_finds_the_same(patch: pytest.MonkeyPatch) -> None:
    """Take every connection for a new one."""
    from django.dispatch import Signal

    original = Signal.connect

    def connect(self: Signal, receiver: Any, **options: Any) -> None:
        original(self, receiver, **{**options, "dispatch_uid": object()})

    patch.setattr(Signal, "connect", connect)


@falsifies("two-names")
def connect_goes_by_name(patch: pytest.MonkeyPatch) -> None:
    """Take functions of the same name for the same."""
    from django.dispatch import Signal

    original = Signal.connect

    def connect(self: Signal, receiver: Any, **options: Any) -> None:
        original(self, receiver, **{**options, "dispatch_uid": receiver.__qualname__})

    patch.setattr(Signal, "connect", connect)


@falsifies("reconnect-order")
def connect_puts_first(patch: pytest.MonkeyPatch) -> None:
    """Put what is connected before all others."""
    from django.dispatch import Signal

    original = Signal.connect

    def connect(self: Signal, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.receivers.insert(0, self.receivers.pop())

    patch.setattr(Signal, "connect", connect)


@falsifies("disconnect")
def disconnect_takes_all(patch: pytest.MonkeyPatch) -> None:
    """Disconnect everything, whatever was asked for."""
    from django.dispatch import Signal

    def disconnect(self: Signal, *_args: Any, **_kwargs: Any) -> bool:
        self.receivers = []
        return True

    from sigexplorer.playground.shop.signals import order_placed

    patch.setattr(order_placed, "disconnect", disconnect.__get__(order_placed), raising=False)


@falsifies("kwargs-debug")
def connect_never_checks(patch: pytest.MonkeyPatch) -> None:
    """Accept any parameters, in every mode."""
    patch.setattr("django.dispatch.dispatcher.func_accepts_kwargs", lambda _receiver: True)


@falsifies("providing-args")
def signals_take_anything(patch: pytest.MonkeyPatch) -> None:
    """Accept the argument of old."""
    from django.dispatch import Signal

    original = Signal.__init__

    def init(self: Signal, providing_args: object = None, use_caching: bool = False) -> None:  # noqa: FBT001, FBT002
        del providing_args
        original(self, use_caching)

    patch.setattr(Signal, "__init__", init)


@falsifies("lazy-sender")
def names_are_names(patch: pytest.MonkeyPatch) -> None:
    """Look no model up."""
    from django.db.models.signals import ModelSignal
    from django.dispatch import Signal

    patch.setattr(ModelSignal, "connect", Signal.connect)


def _same(label: Callable[[Any], Any]) -> Falsify:
    """Compare senders by what ``label`` returns, where it returns something."""

    def way(patch: pytest.MonkeyPatch) -> None:
        from django.dispatch import dispatcher

        original = dispatcher._make_id
        patch.setattr(dispatcher, "_make_id", lambda target: label(target) or original(target))

    return way


falsifies("str-sender")(_same(lambda target: target if isinstance(target, str) else None))
falsifies("historical-save")(
    _same(lambda target: str(target._meta) if isinstance(target, type) and hasattr(target, "_meta") else None)
)
falsifies("appconfig-sender")(
    _same(lambda target: "blog" if getattr(target, "name", target) == "blog" else None)
)


def _another_version(patch: pytest.MonkeyPatch) -> None:
    """Expect what the other versions do."""
    import django

    from sigexplorer.playground.steps import Steps

    other = (5, 2) if django.VERSION >= (6, 1) else (6, 1)
    patch.setattr(Steps, "django", other)


falsifies("sync-in-asend", "async-cancel", "async-context", "raw")(_another_version)


@falsifies("setting-receivers")
def one_cache_is_kept(patch: pytest.MonkeyPatch) -> None:
    """Have one receiver less."""
    from django.core.signals import setting_changed
    from django.test.signals import clear_cache_handlers

    kept = [one for one in setting_changed.receivers if one[1]() is not clear_cache_handlers]
    patch.setattr(setting_changed, "receivers", kept)


@falsifies("f-expr", "sender-id-reuse")
def the_other_side_of_6_0(patch: pytest.MonkeyPatch) -> None:
    """Expect what the versions on the other side of 6.0 do."""
    import django

    from sigexplorer.playground.steps import Steps

    patch.setattr(Steps, "django", (5, 2) if django.VERSION >= (6, 0) else (6, 0))


@falsifies("caching-sender")
def the_cache_is_a_dictionary(patch: pytest.MonkeyPatch) -> None:
    """Remember receivers by any sender."""
    from sigexplorer.playground.shop.signals import order_shipped

    patch.setattr(order_shipped, "sender_receivers_cache", {})


@falsifies("unhashable-sender")
def every_instance_has_a_hash(patch: pytest.MonkeyPatch) -> None:
    """Hash by identity."""
    from django.db.models import Model

    patch.setattr(Model, "__hash__", object.__hash__)


@falsifies("send-stops")
def post_save_is_robust(patch: pytest.MonkeyPatch) -> None:
    """Send post_save so that errors stop nothing."""
    from django.db.models.signals import post_save

    patch.setattr(post_save, "send", post_save.send_robust, raising=False)


@falsifies("robust")
def send_robust_is_not(patch: pytest.MonkeyPatch) -> None:
    """Answer None for an error."""
    from sigexplorer.playground.shop.signals import order_paid

    original = order_paid.send_robust

    def send_robust(**kwargs: Any) -> list[Any]:
        return [(receiver, None) for receiver, _ in original(**kwargs)]

    patch.setattr(order_paid, "send_robust", send_robust, raising=False)


@falsifies("robust-qualname")
def nothing_is_logged(patch: pytest.MonkeyPatch) -> None:
    """Log no failure."""
    from django.dispatch import Signal

    patch.setattr(Signal, "_log_robust_failure", lambda *_arguments: None)


@falsifies("setting-exit-error")
def leaving_is_not_robust(patch: pytest.MonkeyPatch) -> None:
    """Stop at the first error on leaving too."""
    from django.core.signals import setting_changed

    patch.setattr(setting_changed, "send_robust", setting_changed.send, raising=False)


@falsifies("setting-changed")
def assignment_is_told(patch: pytest.MonkeyPatch) -> None:
    """Send setting_changed for an assignment."""
    from django.conf import LazySettings
    from django.core.signals import setting_changed

    original = LazySettings.__setattr__

    def assign(self: LazySettings, name: str, value: object) -> None:
        original(self, name, value)
        if name == "SIGEXPLORER_PROBE":
            setting_changed.send(sender=type(self), setting=name, value=value, enter=True)

    patch.setattr(LazySettings, "__setattr__", assign)


@falsifies("deferred")
def all_fields_are_loaded(patch: pytest.MonkeyPatch) -> None:
    """Load every field, whatever was asked for."""
    from django.db.models import QuerySet

    patch.setattr(QuerySet, "only", lambda self, *_fields: self.all())


@falsifies("bulk", "migrate-saves")
def bulk_create_saves(patch: pytest.MonkeyPatch) -> None:
    """Save one by one what is created in bulk."""
    from django.db.models import QuerySet

    def bulk_create(self: QuerySet[Any], objs: list[Any], **_kwargs: object) -> list[Any]:
        for one in objs:
            one.save(using=self.db)
        return objs

    patch.setattr(QuerySet, "bulk_create", bulk_create)


@falsifies("get-or-create")
def what_is_found_is_saved(patch: pytest.MonkeyPatch) -> None:
    """Save the row that get_or_create() finds."""
    from django.db.models import QuerySet

    original = QuerySet.get_or_create

    def get_or_create(self: QuerySet[Any], *args: Any, **kwargs: Any) -> tuple[Any, bool]:
        found, created = original(self, *args, **kwargs)
        found.save()
        return found, created

    patch.setattr(QuerySet, "get_or_create", get_or_create)


@falsifies("empty-update-fields")
def no_fields_are_all(patch: pytest.MonkeyPatch) -> None:
    """Take an empty update_fields for none."""
    from django.contrib.auth.models import User

    original = User.save

    def save(self: User, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        original(self, *args, update_fields=update_fields or None, **kwargs)

    patch.setattr(User, "save", save)


@falsifies("pre-save-update-fields")
def update_fields_are_ignored(patch: pytest.MonkeyPatch) -> None:
    """Write every field."""
    from blog.models import Post

    original = Post.save

    def save(self: Post, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        del update_fields
        original(self, *args, **kwargs)

    patch.setattr(Post, "save", save)


@falsifies("async-orm")
def asave_is_bulk(patch: pytest.MonkeyPatch) -> None:
    """Write the row in bulk."""
    from blog.models import Tag

    async def asave(self: Tag) -> None:
        await Tag.objects.abulk_create([self])

    patch.setattr(Tag, "asave", asave)


@falsifies("init-sources")
def counting_reads(patch: pytest.MonkeyPatch) -> None:
    """Count by building objects."""
    from django.db.models import QuerySet

    patch.setattr(QuerySet, "count", lambda self: len(list(self)))


@falsifies("copy-pickle")
def copies_are_built(patch: pytest.MonkeyPatch) -> None:
    """Copy by the constructor."""
    from blog.models import Tag

    patch.setattr(Tag, "__copy__", lambda self: Tag(name=self.name), raising=False)


@falsifies("repr-sql")
def comments_have_short_names(patch: pytest.MonkeyPatch) -> None:
    """Name a comment without its post."""
    from blog.models import Comment

    patch.setattr(Comment, "__str__", lambda self: str(self.name))


@falsifies("fast-delete", "fast-delete-cascade", "listening-cost")
def somebody_listens(patch: pytest.MonkeyPatch) -> None:
    """Take the slow path for every model."""
    from django.db.models.deletion import Collector

    patch.setattr(Collector, "can_fast_delete", lambda *_arguments, **_kwargs: False)


@falsifies("m2m-fast-add")
def somebody_listens_to_relations(patch: pytest.MonkeyPatch) -> None:
    """Answer that there are listeners."""
    from django.db.models.signals import m2m_changed

    patch.setattr(m2m_changed, "has_listeners", lambda *_arguments: True, raising=False)


@falsifies("delete-pk")
def keys_stay(patch: pytest.MonkeyPatch) -> None:
    """Leave the key on what was deleted."""
    from blog.models import Post

    original = Post.delete

    def delete(self: Post, *args: Any, **kwargs: Any) -> Any:
        key = self.pk
        deleted = original(self, *args, **kwargs)
        self.pk = key
        return deleted

    patch.setattr(Post, "delete", delete)


@falsifies("rollback", "testcase-commit")
def on_commit_does_not_wait(patch: pytest.MonkeyPatch) -> None:
    """Run callbacks at once."""
    patch.setattr("django.db.transaction.on_commit", lambda function, **_kwargs: function())


@falsifies("on-commit-autocommit")
def on_commit_forgets(patch: pytest.MonkeyPatch) -> None:
    """Run no callback."""
    patch.setattr("django.db.transaction.on_commit", lambda _function, **_kwargs: None)


@falsifies("test-isolation")
def tests_put_receivers_back(patch: pytest.MonkeyPatch) -> None:
    """Undo what a test has connected."""
    from django.db.models.signals import post_save
    from django.test import TestCase

    from blog.models import Tag

    def disconnect(_self: object) -> None:
        for (_, sender), receiver, *_ in list(post_save.receivers):
            if sender == id(Tag):
                post_save.disconnect(receiver(), sender=Tag)

    patch.setattr(TestCase, "tearDown", disconnect)


@falsifies("class-prepared-registry")
def models_are_registered_first(patch: pytest.MonkeyPatch) -> None:
    """Have the model in its registry when it is announced."""
    from django.db.models.base import ModelBase

    original = ModelBase._prepare

    def prepare(cls: Any) -> None:
        models = cls._meta.apps.all_models[cls._meta.app_label]
        models[cls._meta.model_name] = cls
        original(cls)
        del models[cls._meta.model_name]  # or it would be there twice

    patch.setattr(ModelBase, "_prepare", prepare)


@falsifies("flush")
def flush_sends_both(patch: pytest.MonkeyPatch) -> None:
    """Send pre_migrate before flush, too."""
    from django.core.management import sql
    from django.core.management.commands import flush

    def emit(verbosity: int, interactive: bool, db: str, **kwargs: object) -> None:  # noqa: FBT001 - Django's
        sql.emit_pre_migrate_signal(verbosity, interactive, db, **kwargs)
        sql.emit_post_migrate_signal(verbosity, interactive, db, **kwargs)

    patch.setattr(flush, "emit_post_migrate_signal", emit)


@falsifies("connection-created")
def memory_is_closed(patch: pytest.MonkeyPatch) -> None:
    """Close databases in memory as well."""
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.sqlite3.base import DatabaseWrapper

    patch.setattr(DatabaseWrapper, "close", BaseDatabaseWrapper.close)


@falsifies("wsgi-close")
def close_is_silent(patch: pytest.MonkeyPatch) -> None:
    """Send nothing on closing."""
    from django.http.response import HttpResponseBase

    patch.setattr(HttpResponseBase, "close", lambda _self: None)


@falsifies("asgi-scope")
def asgi_calls_it_environ(patch: pytest.MonkeyPatch) -> None:
    """Call the scope environ."""
    from django.core.signals import request_started

    def asend(sender: object, scope: object) -> Any:
        return type(request_started).asend(request_started, sender, environ=scope)

    patch.setattr(request_started, "asend", asend, raising=False)


@falsifies("client-reraise")
def the_client_keeps_nothing(patch: pytest.MonkeyPatch) -> None:
    """Keep no exception for later."""
    from django.test import Client

    patch.setattr(Client, "store_exc_info", lambda _self, **_kwargs: None)


@falsifies("got-exception")
def everything_is_told(patch: pytest.MonkeyPatch) -> None:
    """Have no exception with a status of its own."""

    class Never(Exception):  # noqa: N818 - it is none
        pass

    patch.setattr("django.core.handlers.exception.BadRequest", Never)


@falsifies("login-failed")
def more_is_masked(patch: pytest.MonkeyPatch) -> None:
    """Mask every credential."""
    patch.setattr(
        "django.contrib.auth._clean_credentials", lambda credentials: dict.fromkeys(credentials, SECRET)
    )


@falsifies("last-login")
def logins_save_nothing(patch: pytest.MonkeyPatch) -> None:
    """Do not save the time of a login."""
    from django.contrib.auth.signals import user_logged_in

    kept = [one for one in user_logged_in.receivers if one[0][0] != "update_last_login"]
    patch.setattr(user_logged_in, "receivers", kept)


@falsifies("file-changed")
def nobody_restarts(patch: pytest.MonkeyPatch) -> None:
    """Let the process go on."""
    patch.setattr("django.utils.autoreload.trigger_reload", lambda _file: None)


@falsifies("template-rendered")
def templates_are_always_instrumented(patch: pytest.MonkeyPatch) -> None:
    """Render as under tests."""
    from django.template.base import Template
    from django.test.utils import instrumented_test_render

    patch.setattr(Template, "_render", instrumented_test_render)


@falsifies("captured-method")
def send_is_looked_up(patch: pytest.MonkeyPatch) -> None:
    """Look the method up whenever it is called."""
    from sigexplorer.playground.shop.signals import order_placed

    patch.setattr(
        order_placed, "send", lambda **kwargs: type(order_placed).send(order_placed, **kwargs), raising=False
    )


@falsifies("tasks")
def the_dummy_starts(patch: pytest.MonkeyPatch) -> None:
    """Enqueue without a word."""
    from django.tasks.signals import task_enqueued

    patch.setattr(task_enqueued, "send", lambda *_arguments, **_kwargs: [], raising=False)


@falsifies("historical-class")
def historical_models_say_where_they_are_from(patch: pytest.MonkeyPatch) -> None:
    """Render them as the migrations' own."""
    from django.db.migrations.state import ModelState

    original = ModelState.render

    def render(self: ModelState, apps: Any) -> Any:
        made = original(self, apps)
        from django.db.models.signals import class_prepared

        made.__module__ = "blog.migrations"
        class_prepared.send(sender=made)
        return made

    patch.setattr(ModelState, "render", render)
