"""The blog in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin

from blog.models import AuditEntry, Category, Comment, Post, Profile, Review, Tag

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


@admin.action(description="Publish selected posts")
def publish(_admin: PostAdmin, _request: HttpRequest, posts: QuerySet[Post]) -> None:
    """Publish one post after the other, so that each sends its signals."""
    for post in posts:
        post.publish()


@admin.register(Post, Review)
class PostAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    """Posts of both kinds, with their tags."""

    actions = (publish,)
    filter_horizontal = ("tags",)
    list_display = ("title", "author", "category", "published_at", "views")
    list_select_related = ("author", "category")


admin.site.register([AuditEntry, Category, Comment, Profile, Tag])
