"""What the shop tells of."""

from django.dispatch import Signal

#: An order came in.
order_placed = Signal()

#: An order was paid for.
order_paid = Signal()

#: An order left the house; the receivers of each sender are remembered, as those of Django's models are.
order_shipped = Signal(use_caching=True)
