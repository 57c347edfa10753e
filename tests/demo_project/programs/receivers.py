"""Print the receivers of the blog as JSON: signal, name, sender, dispatch_uid, asynchronous or not."""

from __future__ import annotations

import json
import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "demo.settings"
django.setup()

from django.apps import apps  # noqa: E402
from django.contrib.auth import signals as auth_signals  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db.models import signals as model_signals  # noqa: E402
from django.dispatch import Signal  # noqa: E402

from blog import signals as blog_signals  # noqa: E402
from blog.models import Post  # noqa: E402

SENDERS = {
    id(None): None,
    id(User): "auth.User",
    id(Post): "blog.Post",
    id(Post.tags.through): "blog.Post_tags",
    id(apps.get_app_config("blog")): "blog",
}

found = []
for module in (model_signals, auth_signals, blog_signals):
    for name, signal in vars(module).items():
        if not isinstance(signal, Signal):
            continue
        for (identity, sender), reference, *_, is_async in signal.receivers or []:
            function = reference()
            if function.__module__ == "blog.receivers":
                uid = identity if isinstance(identity, str) else None
                found.append([name, function.__name__, SENDERS[sender], uid, is_async])

json.dump(found, sys.stdout)
