"""A data migration: rows that every blog starts with, written and taken back."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

FIRST_CATEGORIES = ("News", "Notes")


def add_categories(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Save them one by one: the signals come from the historical model, not from ``blog.models``."""
    categories = apps.get_model("blog", "Category").objects.using(schema_editor.connection.alias)
    for name in FIRST_CATEGORIES:
        categories.create(name=name)


def remove_categories(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Delete them again; the posts in them stay, without a category."""
    categories = apps.get_model("blog", "Category").objects.using(schema_editor.connection.alias)
    categories.filter(name__in=FIRST_CATEGORIES).delete()


class Migration(migrations.Migration):
    """The first categories."""

    dependencies = [("blog", "0001_initial")]

    operations = [migrations.RunPython(add_categories, remove_categories)]
