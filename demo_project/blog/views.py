"""The pages of the blog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.forms import UserCreationForm
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from blog.models import PublishedPost

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest


def index(request: HttpRequest) -> HttpResponse:
    """List what is published."""
    posts = PublishedPost.objects.select_related("author").prefetch_related("tags")
    return render(request, "blog/index.html", {"posts": posts})


def post(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a published post, and count the visit."""
    # update() is one UPDATE without any signal: a visit is no change of the post.
    PublishedPost.objects.filter(pk=pk).update(views=F("views") + 1)
    published = get_object_or_404(PublishedPost.objects.select_related("author", "category"), pk=pk)
    return render(request, "blog/post.html", {"post": published})


@sensitive_post_parameters()
def signup(request: HttpRequest) -> HttpResponse:
    """Make a new user, who may then log in."""
    form: UserCreationForm[User] = UserCreationForm(request.POST or None)
    if form.is_valid():
        form.save()
        return redirect("login")
    return render(request, "registration/signup.html", {"form": form})


def home(_request: HttpRequest) -> HttpResponse:
    """Fail, on purpose and always: the page that shows what an error in a view sends."""
    return HttpResponse(str(1 / 0))


async def async_page(_request: HttpRequest) -> HttpResponse:
    """Answer from asynchronous code, without the database, which may belong to another thread."""
    return HttpResponse("Served by an async view.\n", content_type="text/plain")
