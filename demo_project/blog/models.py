"""What the blog stores.

Between them the models reach every signal that Django sends for models: a cascade, a
many-to-many relation, a one-to-one profile, a proxy and a multi-table child.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from blog.signals import post_published


class Profile(models.Model):
    """What a user tells about themselves; made by a receiver when the user is."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    bio = models.TextField(blank=True)

    def __str__(self) -> str:
        """Name the profile by its user, whom it may have to fetch."""
        return f"profile of {self.user}"


class Tag(models.Model):
    """A word that posts are found by."""

    name = models.CharField(max_length=50, unique=True)

    class Meta:
        """By name, as readers look for them."""

        ordering = ("name",)

    def __str__(self) -> str:
        """Return the word."""
        return self.name


class Category(models.Model):
    """A shelf for posts; a post outlives its shelf."""

    name = models.CharField(max_length=50, unique=True)

    class Meta:
        """By name, and with the plural that adding an s would miss."""

        ordering = ("name",)
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Post(models.Model):
    """A post: a draft until ``published_at`` is set."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="posts")
    category = models.ForeignKey(
        Category, on_delete=models.SET_NULL, null=True, blank=True, related_name="posts"
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="posts")
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    views = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        """Newest first."""

        ordering = ("-published_at", "-pk")

    def __str__(self) -> str:
        """Return the title."""
        return self.title

    def get_absolute_url(self) -> str:
        """Return the address of the post, which answers once it is published."""
        return reverse("post", args=[self.pk])

    def publish(self) -> None:
        """Publish the saved post now, and send ``post_published``.

        The post is out whatever becomes of the news, hence ``send_robust()``: an error in a
        receiver is logged and stops neither the other receivers nor the caller.
        """
        self.published_at = timezone.now()
        self.save(update_fields=["published_at"])
        post_published.send_robust(sender=type(self), post=self, using=self._state.db)

    async def apublish(self) -> None:
        """Do what ``publish()`` does, from asynchronous code."""
        self.published_at = timezone.now()
        await self.asave(update_fields=["published_at"])
        await post_published.asend_robust(sender=type(self), post=self, using=self._state.db)


class PublishedPostManager(models.Manager["PublishedPost"]):
    """Posts without the drafts."""

    def get_queryset(self) -> models.QuerySet[PublishedPost]:
        """Return what readers may see."""
        return super().get_queryset().filter(published_at__isnull=False)


class PublishedPost(Post):
    """A post as readers see it: the same row, through a proxy.

    What is saved through a proxy has the proxy as its sender; a receiver connected with
    ``sender=Post`` does not hear of it.
    """

    objects: ClassVar[PublishedPostManager] = PublishedPostManager()

    class Meta:
        """No table of its own."""

        proxy = True


class Review(Post):
    """A post that rates something: a row here and a row of ``Post``.

    Saving one sends the save signals of ``Review`` only, deleting one the delete signals of both:
    a receiver connected with ``sender=Post`` hears of a review only when it goes.
    """

    rating = models.PositiveSmallIntegerField()


class Comment(models.Model):
    """What a reader says about a post.

    No receiver listens to comments and nothing points at them, so Django deletes them with
    one ``DELETE`` and without any signal.
    """

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="comments")
    name = models.CharField(max_length=100)
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """In the order of the conversation."""

        ordering = ("created_at", "pk")

    def __str__(self) -> str:
        """Name the comment by its post, which it may have to fetch."""
        return f"{self.name} on {self.post}"


class AuditEntry(models.Model):
    """A line of the log of changes; written by a receiver."""

    text = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """In the order in which things happened."""

        ordering = ("pk",)
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        """Return the line."""
        return self.text

    @classmethod
    def archive(cls) -> int:
        """Move every entry to the database "archive"; return how many there were.

        Neither ``bulk_create()`` nor this ``delete()`` sends a signal. Entries that an
        interrupted run has copied already are left as they are.
        """
        entries = list(cls.objects.using("default"))
        cls.objects.using("archive").bulk_create(entries, ignore_conflicts=True)
        cls.objects.using("default").filter(pk__in=[entry.pk for entry in entries]).delete()
        return len(entries)
