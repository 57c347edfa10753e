"""Make Django send the signals of models."""

from __future__ import annotations

from django.apps.registry import Apps
from django.contrib.auth.models import User
from django.db import models

from blog.models import Post, Tag
from sigexplorer.playground.steps import Steps


def build_an_instance(step: Steps) -> None:
    """Call a model class; nothing is saved."""
    with step("build an instance"):
        Tag(name="django")


def save_a_post(step: Steps) -> None:
    """Save a new post."""
    author = User.objects.create_user("amy")
    post = Post(author=author, title="Signals")
    with step("save a new post"):
        post.save()


def delete_a_post(step: Steps) -> None:
    """Delete a post that has a comment."""
    author = User.objects.create_user("amy")
    post = Post.objects.create(author=author, title="Signals")
    post.comments.create(name="Bob", text="I see.")
    with step("delete a post"):
        post.delete()


def tag_a_post(step: Steps) -> None:
    """Add a tag to a post, and take it away."""
    author = User.objects.create_user("amy")
    post = Post.objects.create(author=author, title="Signals")
    tag = Tag.objects.create(name="django")
    with step("add a tag and remove it"):
        post.tags.add(tag)
        post.tags.remove(tag)


def define_a_model(step: Steps) -> None:
    """Define a model class, in a registry of its own so that the project's stays as it is."""
    with step("define a model"):

        class Probe(models.Model):  # noqa: DJ008 - nobody will ever see one
            class Meta:
                app_label = "probe"
                apps = Apps()
