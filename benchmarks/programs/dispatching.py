"""Send a model's signal so many times to so many receivers, in a process of its own.

    python dispatching.py RECEIVERS DISPATCHES [traced]

Nothing is printed: its instructions are counted.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext

from django.db.models.signals import post_save
from hot import connected, sending
from tracing import traced

if __name__ == "__main__":
    connected(int(sys.argv[1]))
    with traced() if sys.argv[3:] else nullcontext():
        sending(post_save, int(sys.argv[2]))()
