"""Ways to make facts about rows, models and migrations false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from falsehoods import falsifies

if TYPE_CHECKING:
    import pytest


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


@falsifies("deferred")
def nothing_is_deferred(patch: pytest.MonkeyPatch) -> None:
    """Load every field, whatever was to be left."""
    from django.db.models import QuerySet

    patch.setattr(QuerySet, "defer", lambda self, *_fields: self.all())


@falsifies("raw-delete")
def raw_deletes_are_announced(patch: pytest.MonkeyPatch) -> None:
    """Delete one by one."""
    from django.db.models import QuerySet

    patch.setattr(QuerySet, "_raw_delete", lambda self, _using: len([one.delete() for one in self]))


@falsifies("m2m-through")
def rows_between_are_taken_in_silence(patch: pytest.MonkeyPatch) -> None:
    """Delete rows of the shop's through model as those of an automatic one."""
    from django.db.models import QuerySet

    from sigexplorer.playground.shop.stock import Line

    original = QuerySet.delete

    def delete(self: QuerySet[Any]) -> Any:
        return self._raw_delete(self.db) if self.model is Line else original(self)  # type: ignore[attr-defined]

    patch.setattr(QuerySet, "delete", delete)


@falsifies("savepoint")
def callbacks_of_savepoints_do_not_wait(patch: pytest.MonkeyPatch) -> None:
    """Run callbacks at once."""
    on_commit_does_not_wait(patch)


@falsifies("m2m-fast-add")
def rows_are_looked_for_first(patch: pytest.MonkeyPatch) -> None:
    """Have a database that cannot ignore rows which are there."""
    from django.db import connection

    patch.setattr(connection.features, "supports_ignore_conflicts", False)


@falsifies("caching-sender")
def models_do_not_cache(patch: pytest.MonkeyPatch) -> None:
    """Have a signal of models that looks for its receivers each time."""
    from django.db.models.signals import pre_delete

    patch.setattr(pre_delete, "use_caching", False)


@falsifies("fast-delete")
def whatever_nobody_hears_is_quick(patch: pytest.MonkeyPatch) -> None:
    """Take the fast path for tags, children and what has generic relations."""
    from django.db.models.deletion import Collector

    def can_fast_delete(self: Collector, objs: Any, from_field: Any = None) -> bool:
        del from_field
        model = getattr(objs, "model", None) or objs
        return hasattr(model, "_meta") and not self._has_signal_listeners(model._meta.model)  # type: ignore[attr-defined]

    patch.setattr(Collector, "can_fast_delete", can_fast_delete)


@falsifies("m2m-fast-add")
def ones_own_is_automatic(patch: pytest.MonkeyPatch) -> None:
    """Take a through model of one's own for one of Django's."""
    from sigexplorer.playground.shop.stock import Line, Order

    patch.setattr(Line._meta, "auto_created", Order)


@falsifies("migrate-saves")
def there_is_no_first_site(patch: pytest.MonkeyPatch) -> None:
    """Write no site."""
    patch.setattr("django.contrib.sites.apps.create_default_site", lambda **_kwargs: None)


@falsifies("pre-init-kwargs")
def every_word_is_used_up(patch: pytest.MonkeyPatch) -> None:
    """Leave nothing in the dictionary."""
    from blog.models import Tag

    original = Tag.__init__

    def init(self: Tag, *args: Any, **kwargs: Any) -> None:
        kwargs["id"] = kwargs.pop("pk", None)
        original(self, *args, **kwargs)

    patch.setattr(Tag, "__init__", init)
