"""The same project as any other one: databases in files beside manage.py, errors shown.

``python manage.py migrate && python manage.py runserver`` is all it takes. The second
database is made by ``python manage.py migrate --database archive``.
"""

from pathlib import Path

from demo.settings import *  # noqa: F403
from demo.settings import INSTALLED_APPS

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = True

# Serves the stylesheets of the admin under runserver.
INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.staticfiles"]

DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"},
    "archive": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "archive.sqlite3"},
}

# Empty, as in Django itself: errors go to the terminal.
LOGGING = {}
