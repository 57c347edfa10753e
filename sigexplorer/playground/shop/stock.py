"""The models of the shop, in a registry of their own: the bundled project does not know them.

They are in no module called ``models``, because their application is made here, before them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.apps.registry import Apps
from django.db import connection, models

SHOP = Apps(["sigexplorer.playground.shop"])


class Meta:
    """What all models of the shop share."""

    app_label = "shop"
    apps = SHOP


class Shelf(models.Model):  # noqa: DJ008 - nobody reads them
    """Where products stand."""

    Meta = Meta


class Product(models.Model):  # noqa: DJ008 - as above
    """Something to buy; what loses its shelf goes to the first one."""

    shelf = models.ForeignKey(Shelf, on_delete=models.SET_DEFAULT, default=1)

    Meta = Meta


class Order(models.Model):  # noqa: DJ008 - as above
    """What somebody wants."""

    products = models.ManyToManyField(Product, through="Line")

    Meta = Meta


class Line(models.Model):  # noqa: DJ008 - as above
    """So many of a product in an order."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE)
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
    amount = models.PositiveIntegerField(default=1)

    Meta = Meta


class Customer(models.Model):  # noqa: DJ008 - as above
    """Somebody who buys, and who knows others."""

    friends = models.ManyToManyField("self")

    Meta = Meta


if django.VERSION >= (6, 1):

    class Parcel(models.Model):  # noqa: DJ008 - as above
        """What holds letters."""

        Meta = Meta

    class Letter(models.Model):  # noqa: DJ008 - as above
        """What goes with its parcel, by order of the database."""

        parcel = models.ForeignKey(Parcel, on_delete=models.DB_CASCADE)

        Meta = Meta


@contextmanager
def tables(*stored: type[models.Model]) -> Iterator[None]:
    """Have tables of these models for a while."""
    with connection.schema_editor() as editor:
        for model in stored:
            editor.create_model(model)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            for model in reversed(stored):
                editor.delete_model(model)
