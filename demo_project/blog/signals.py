"""The signal that the blog itself sends."""

from django.dispatch import Signal

#: Sent by ``Post.publish()`` and ``Post.apublish()`` after the post was saved as published.
#:
#: Sender: the class of the post. Arguments:
#:
#: ``post``
#:     The post that was published.
#: ``using``
#:     The alias of the database it was saved in.
post_published = Signal()
