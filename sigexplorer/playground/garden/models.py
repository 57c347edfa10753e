"""What grows there; imported, as models are, before ``ready()``."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import models


class Plant(models.Model):  # noqa: DJ008 - nobody reads them
    """A plant, in a registry of its own: the bundled project does not know it."""

    class Meta:
        """Apart."""

        app_label = "garden"
        apps = Apps()
