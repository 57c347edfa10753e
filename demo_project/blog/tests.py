"""What the blog promises; run by ``python manage.py test``."""

from __future__ import annotations

from io import StringIO

from asgiref.sync import async_to_sync
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.test import TestCase, TransactionTestCase
from django.urls import reverse
from django.utils import timezone

from blog import memory
from blog.models import AuditEntry, Category, Comment, Post, Profile, PublishedPost, Review, Tag


class BlogTestCase(TestCase):
    """A user with a draft, and an empty memory."""

    def setUp(self) -> None:
        """Write a draft, and forget what that left in memory."""
        self.user = User.objects.create_user("ada", password="lovelace")  # noqa: S106
        self.draft = Post.objects.create(author=self.user, title="Draft")
        memory.clear()


class ReceiverTests(BlogTestCase):
    """What the receivers do."""

    def test_new_user_gets_a_profile(self) -> None:
        """Saving a new user makes a profile; saving it again does not make another."""
        self.user.save()
        self.assertEqual(Profile.objects.get().user, self.user)

    def test_changes_of_a_post_are_logged(self) -> None:
        """Each save of a post writes an audit entry."""
        self.draft.save()
        texts = AuditEntry.objects.values_list("text", flat=True)
        self.assertEqual(list(texts), [f"created post {self.draft.pk}", f"changed post {self.draft.pk}"])

    def test_saves_and_deletes_reach_the_search_engine(self) -> None:
        """One receiver hears of saved and of deleted posts."""
        pk = self.draft.pk
        self.draft.save()
        self.draft.delete()
        self.assertEqual(list(memory.search_queue), [f"update default:{pk}", f"remove default:{pk}"])

    def test_publishing_reaches_feed_and_outbox(self) -> None:
        """The feed hears of a post at once, the subscribers after the commit."""
        with self.captureOnCommitCallbacks() as callbacks:
            self.draft.publish()
        self.assertEqual((list(memory.feed), list(memory.outbox)), (["Draft"], []))
        for callback in callbacks:
            callback()
        self.assertEqual(list(memory.outbox), ["new post: Draft"])

    def test_rolled_back_post_is_not_announced(self) -> None:
        """Nobody gets a message about a post whose transaction was undone."""
        with self.captureOnCommitCallbacks(execute=True), transaction.atomic():
            self.draft.publish()
            transaction.set_rollback(True)
        self.assertEqual((list(memory.feed), list(memory.outbox)), (["Draft"], []))

    def test_publishing_asynchronously(self) -> None:
        """apublish() does the same from asynchronous code."""
        with self.captureOnCommitCallbacks(execute=True):
            async_to_sync(self.draft.apublish)()
        self.assertEqual((list(memory.feed), list(memory.outbox)), (["Draft"], ["new post: Draft"]))

    def test_retagging_is_counted_from_either_side(self) -> None:
        """Changes of the relation count once each, whoever makes them."""
        tag = Tag.objects.create(name="django")
        self.draft.tags.add(tag)
        tag.posts.remove(self.draft)
        self.draft.tags.clear()
        expected = {"tags post_add": 1, "tags post_remove": 1, "tags post_clear": 1}
        self.assertEqual(memory.counts, expected)

    def test_failed_login_is_counted(self) -> None:
        """A wrong password leaves a number and no name."""
        self.assertIsNone(authenticate(username="ada", password="wrong"))  # noqa: S106
        self.assertEqual(memory.counts, {"login failed": 1})

    def test_fixture_brings_its_own_rows(self) -> None:
        """Raw saves make no second profile and no audit entry, and are indexed."""
        call_command("loaddata", "blog", verbosity=0)
        self.assertEqual(Profile.objects.get(user_id=100).bio, "Writes about compilers.")
        self.assertFalse(AuditEntry.objects.filter(text__endswith="post 100").exists())
        self.assertEqual(list(memory.search_queue), ["update default:100"])


class ModelTests(BlogTestCase):
    """How the models hang together."""

    databases = "__all__"

    def test_post_outlives_its_category(self) -> None:
        """Deleting a category leaves its posts without one."""
        category = Category.objects.get(name="News")
        Post.objects.update(category=category)
        category.delete()
        self.assertIsNone(Post.objects.get().category)

    def test_user_takes_everything_along(self) -> None:
        """Deleting a user deletes profile, posts, reviews and comments."""
        review = Review.objects.create(author=self.user, title="A book", rating=4)
        Comment.objects.create(post=review, name="Grace", text="Indeed.")
        self.user.delete()
        counts = [model.objects.count() for model in (Profile, Post, Review, Comment)]
        self.assertEqual(counts, [0, 0, 0, 0])

    def test_proxy_shows_what_is_published(self) -> None:
        """A draft is no published post until it is published."""
        self.assertFalse(PublishedPost.objects.exists())
        self.draft.publish()
        self.assertEqual(PublishedPost.objects.get().pk, self.draft.pk)

    def test_texts(self) -> None:
        """Every model names its rows in words."""
        comment = Comment(post=self.draft, name="Grace", text="Indeed.")
        self.assertEqual(str(comment), "Grace on Draft")
        self.assertEqual(str(self.user.profile), "profile of ada")
        self.assertEqual([str(row) for row in Category.objects.all()], ["News", "Notes"])
        self.assertEqual([str(row) for row in Tag.objects.all()], ["general"])
        self.assertEqual(str(AuditEntry.objects.get()), f"created post {self.draft.pk}")

    def test_audit_log_moves_to_the_archive(self) -> None:
        """Archiving moves every entry to the other database, and again does nothing."""
        self.assertEqual((AuditEntry.archive(), AuditEntry.archive()), (1, 0))
        self.assertEqual(AuditEntry.objects.using("archive").count(), 1)


class PageTests(BlogTestCase):
    """What visitors see."""

    def test_index_lists_what_is_published(self) -> None:
        """The first page shows published posts and their tags, and no draft."""
        tag = Tag.objects.create(name="django")
        shown = Post.objects.create(author=self.user, title="Shown", published_at=timezone.now())
        shown.tags.add(tag)
        page = self.client.get(reverse("index"))
        self.assertContains(page, "Shown")
        self.assertContains(page, "#django")
        self.assertNotContains(page, "Draft")
        self.assertTemplateUsed(page, "blog/base.html")

    def test_post_counts_its_visits(self) -> None:
        """Each visit of a published post counts, a draft is not found."""
        self.assertEqual(self.client.get(self.draft.get_absolute_url()).status_code, 404)
        self.draft.publish()
        Comment.objects.create(post=self.draft, name="Grace", text="Indeed.")
        self.client.get(self.draft.get_absolute_url())
        page = self.client.get(self.draft.get_absolute_url())
        self.assertContains(page, "read 2 times")
        self.assertContains(page, "Indeed.")

    def test_sign_up_log_in_log_out(self) -> None:
        """A visitor signs up, logs in, is greeted once, and logs out."""
        passwords = {"password1": "in-memory-0", "password2": "in-memory-0"}
        page = self.client.post(reverse("signup"), {"username": "grace", **passwords})
        self.assertRedirects(page, reverse("login"))
        credentials = {"username": "grace", "password": "in-memory-0"}
        page = self.client.post(reverse("login"), credentials, follow=True)
        self.assertRedirects(page, reverse("index"))
        self.assertContains(page, "Welcome, grace.")
        self.assertNotContains(self.client.get(reverse("index")), "Welcome")
        page = self.client.post(reverse("logout"), follow=True)
        self.assertContains(page, "Log in")

    def test_invalid_sign_up_asks_again(self) -> None:
        """A sign-up without a password shows the form once more and makes nobody."""
        page = self.client.post(reverse("signup"), {"username": "grace"})
        self.assertEqual(page.status_code, 200)
        self.assertFalse(User.objects.filter(username="grace").exists())

    def test_async_page(self) -> None:
        """The asynchronous page answers."""
        self.assertContains(self.client.get(reverse("async")), "async view")

    def test_broken_page(self) -> None:
        """The page that is broken on purpose answers with the page for errors."""
        self.client.raise_request_exception = False
        self.assertContains(self.client.get(reverse("home")), "on purpose", status_code=500)

    def test_admin_shows_every_model(self) -> None:
        """Each model of the blog has a list and a form in the admin."""
        self.client.force_login(User.objects.create_superuser("root"))
        for model in (AuditEntry, Category, Comment, Post, Profile, Review, Tag):
            for page in ("changelist", "add"):
                with self.subTest(model=model, page=page):
                    address = reverse(f"admin:blog_{model.__name__.lower()}_{page}")
                    self.assertEqual(self.client.get(address).status_code, 200)

    def test_publishing_in_the_admin(self) -> None:
        """The admin publishes the selected posts, and each is announced."""
        self.client.force_login(User.objects.create_superuser("root"))
        selected = {"action": "publish", "_selected_action": [self.draft.pk]}
        with self.captureOnCommitCallbacks(execute=True):
            self.client.post(reverse("admin:blog_post_changelist"), selected)
        self.assertTrue(PublishedPost.objects.exists())
        self.assertEqual(list(memory.outbox), ["new post: Draft"])


class FlushTests(TransactionTestCase):
    """What remains of an emptied database."""

    def test_flush_brings_the_first_tag_back(self) -> None:
        """After flush the first tag is there again, and says so when asked to."""
        out = StringIO()
        call_command("migrate", verbosity=2, interactive=False, stdout=out)
        self.assertNotIn("Adding tag", out.getvalue())
        Tag.objects.all().delete()
        call_command("migrate", verbosity=2, interactive=False, stdout=out)
        self.assertIn("Adding tag 'general'", out.getvalue())
        call_command("flush", verbosity=0, interactive=False)
        self.assertEqual([tag.name for tag in Tag.objects.all()], ["general"])
