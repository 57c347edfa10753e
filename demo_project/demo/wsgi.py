"""The WSGI entry point of the project, with its databases on disk."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo.on_disk")

application = get_wsgi_application()
