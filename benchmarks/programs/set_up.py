"""Start the demo as any script would: ``django.setup()``, and ``migrate`` where it is asked for."""

import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "demo.settings"

import django

django.setup()

if "migrate" in sys.argv:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
