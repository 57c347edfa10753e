"""The models of the shop, in a registry of their own: the bundled project does not know them.

They are in no module called ``models``, because their application is made here, before them.
"""

# ruff: noqa: DJ008 - nobody reads the rows of the shop

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import django
from django.apps.registry import Apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
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


class Ticket(Stored):
    """What is handed out by a key that it has from the beginning."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    place = models.PositiveIntegerField(default=1)


class Vehicle(Stored):
    """What brings orders."""


class Van(Vehicle):
    """A vehicle with a row of its own beside that of the vehicle."""


class Coupon(Stored):
    """Money off, for whoever knows its code."""

    code = models.CharField(max_length=20, unique=True)


class Basket(Stored):
    """What somebody may order yet."""

    coupons = models.ManyToManyField(Coupon, through="Redemption")


class Redemption(Stored):
    """A coupon in a basket, by its code."""

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE)
    coupon = models.ForeignKey(Coupon, on_delete=models.CASCADE, to_field="code")


class Sticker(Stored):
    """What is stuck to anything."""

    kind = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    number = models.PositiveBigIntegerField()
    thing = GenericForeignKey("kind", "number")


class Present(Stored):
    """What has stickers, though no column refers to it."""

    stickers = GenericRelation(Sticker, "number", "kind")


class Guest(AbstractBaseUser):
    """A user of whom nobody knows when they last logged in."""

    last_login = None
    name = models.CharField(max_length=20, unique=True)
    USERNAME_FIELD = "name"

    class Meta:
        """Of the shop."""

        app_label = "shop"
        apps = SHOP


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
