"""The blog as an application: its name, and when its receivers are connected."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import m2m_changed, post_migrate, post_save


class BlogConfig(AppConfig):
    """The blog."""

    name = "blog"

    def ready(self) -> None:
        """Connect the receivers: importing them connects the decorated ones, the others follow here."""
        from blog import receivers
        from blog.models import Post

        # The name keeps a second connection out, should this module ever be imported twice. Of Post alone:
        # its proxy and its child send as themselves, of which `sigexplorer check --demo` warns (SX022).
        post_save.connect(receivers.write_audit_entry, sender=Post, dispatch_uid="blog.write_audit_entry")
        m2m_changed.connect(receivers.count_retagging, sender=Post.tags.through)
        user_logged_in.connect(receivers.greet_user)
        # The sender of post_migrate is the instance of an AppConfig, neither its class nor its label.
        post_migrate.connect(receivers.create_default_tag, sender=self)
