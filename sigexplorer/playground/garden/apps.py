"""The application."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import class_prepared


def too_late(**_kwargs: object) -> None:
    """Hear of no model that is there when Django is set up."""


class GardenConfig(AppConfig):
    """The garden."""

    name = "sigexplorer.playground.garden"
    label = "garden"

    def ready(self) -> None:
        """Connect when every model has been defined."""
        class_prepared.connect(too_late)
