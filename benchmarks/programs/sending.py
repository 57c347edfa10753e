"""Send a model's signal so many times to one receiver: what a long recording is made of."""

import sys

from django.db.models.signals import post_save
from tracing import SAVED

from blog.models import Tag


def receiver(**_named: object) -> None:
    """Receive."""


post_save.connect(receiver, sender=Tag)
for number in range(int(sys.argv[1])):
    post_save.send(sender=Tag, instance=Tag(pk=number, name="django"), **SAVED)
