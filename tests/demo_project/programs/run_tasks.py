"""Enqueue every task of the blog and print name, status and result of each as JSON."""

from __future__ import annotations

import json
import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "demo.settings"
django.setup()

from django.core.management import call_command  # noqa: E402

from blog import tasks  # noqa: E402
from blog.models import AuditEntry  # noqa: E402

for alias in ("default", "archive"):
    call_command("migrate", database=alias, verbosity=0)
AuditEntry.objects.create(text="something happened")

outcomes = {}
for name, arguments in {
    "count_words": ["two words"],
    "archive_audit_entries": [],
    "average_rating": [],
}.items():
    if hasattr(tasks, name):
        result = getattr(tasks, name).enqueue(*arguments)
        outcomes[name] = [result.status, result.return_value if result.status == "SUCCESSFUL" else None]

json.dump(outcomes, sys.stdout)
