"""The settings of the demo, with django-extensions beside its own apps."""

from demo.settings import *  # noqa: F403
from demo.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django_extensions"]
