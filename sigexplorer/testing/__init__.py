"""Signals in tests and programs: record them, assert on them, mute them, let them fail.

``trace`` records what is sent while it is open::

    import sigexplorer

    with sigexplorer.trace() as t:
        post = Post.objects.create(title="first", author=author)
    t.assert_sent("post_save", sender=Post, instance=post, created=True)
    t.assert_order("pre_save", "post_save")

``mute`` and ``only`` keep receivers from being called, ``inject`` lets one fail or be late::

    from sigexplorer import inject, mute, only

    with mute("post_save", sender=Post, receiver="blog.receivers.reindex"):
        Post.objects.create(title="quiet", author=author)
    with only(receiver="blog.receivers.reindex"):
        Post.objects.create(title="alone", author=author)
    with inject("blog.receivers.reindex", raises=TimeoutError, when=2):
        Post.objects.create(title="one", author=author)
        try:
            Post.objects.create(title="two", author=author)
        except TimeoutError:
            pass

All of them are context managers, sync and async, and decorators of functions, coroutines and
generators.
"""

# A failed assertion, or a wrong name, points to the test and not to us: pytest obeys this.
__tracebackhide__ = True

from sigexplorer.errors import SigexplorerWarning
from sigexplorer.testing.connected import assert_connected
from sigexplorer.testing.mixin import SignalsMixin
from sigexplorer.testing.muting import inject, mute, only
from sigexplorer.testing.recording import Traced, trace

__all__ = [
    "SigexplorerWarning",
    "SignalsMixin",
    "Traced",
    "assert_connected",
    "inject",
    "mute",
    "only",
    "trace",
]
