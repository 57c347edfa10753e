"""The ASGI entry point of the project, with its databases on disk."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo.on_disk")

application = get_asgi_application()
