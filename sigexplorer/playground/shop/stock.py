"""The models of the shop, in a registry of their own: the bundled project does not know them.

They are in no module called ``models``, because their application is made here, before them.
"""

# ruff: noqa: DJ008 - nobody reads the rows of the shop

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import django
from django.apps.registry import Apps
from django.db import connection, models

SHOP = Apps(["sigexplorer.playground.shop"])


class Stored(models.Model):
    """What all models of the shop share."""

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """Of an application of its own."""

        abstract = True
        app_label = "shop"
        apps = SHOP


class Shelf(Stored):
    """Where products stand."""


class Product(Stored):
    """Something to buy; what loses its shelf goes to the first one."""

    shelf = models.ForeignKey(Shelf, on_delete=models.SET_DEFAULT, default=1)


class Order(Stored):
    """What somebody wants."""

    products = models.ManyToManyField(Product, through="Line")


class Line(Stored):
    """So many of a product in an order."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE)
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
    amount = models.PositiveIntegerField(default=1)


class Customer(Stored):
    """Somebody who buys, and who knows others."""

    friends = models.ManyToManyField("self")


if django.VERSION >= (6, 1):

    class Parcel(Stored):
        """What holds letters."""

    class Letter(Stored):
        """What goes with its parcel, by order of the database."""

        parcel = models.ForeignKey(Parcel, on_delete=models.DB_CASCADE)


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
