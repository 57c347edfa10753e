"""A receiver that connects itself whenever this file is imported, under whatever name."""

from __future__ import annotations

from django.dispatch import receiver

from sigexplorer.playground.shop.signals import order_placed


@receiver(order_placed)
def write_bill(**_kwargs: object) -> None:
    """Write the bill of an order."""
