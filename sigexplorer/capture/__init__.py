"""Observe Django's dispatch without being noticed, and put what is seen into records."""

from sigexplorer.capture import kinds

__all__ = ["kinds"]  # imported for the words it knows
