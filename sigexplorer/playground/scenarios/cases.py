"""Signals in tests: what the runner sends, and what a test leaves behind."""

from __future__ import annotations

import unittest

from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.signals import post_save

from blog import memory
from blog.models import Post, Tag
from sigexplorer.playground.steps import Steps
from sigexplorer.playground.testing import use_test_machinery


def test_cases(step: Steps) -> None:
    """Run two tests, then build the database for tests."""
    use_test_machinery(step)
    for part in (_on_commit, _connected, _database):
        with step.part():
            part(step)


def _on_commit(step: Steps) -> None:
    from django.test import TestCase

    author = User.objects.create_user("amy")
    sent: list[list[str]] = []

    class Publishing(TestCase):
        def test_publish(self) -> None:
            Post.objects.create(author=author, title="Unsent").publish()
            sent.append(list(memory.outbox))

        def test_publish_and_commit(self) -> None:
            with self.captureOnCommitCallbacks(execute=True):
                Post.objects.create(author=author, title="Sent").publish()
            sent.append(list(memory.outbox))

    with step("run a test whose receivers wait for the commit"):
        _run(Publishing("test_publish"))
    step.claim("the receiver is called", "announce_post" in step.called(), fact="testcase-commit")
    step.claim("what it leaves for the commit never runs", sent, [[]], fact="testcase-commit")

    with step("run one that captures the callbacks"):
        _run(Publishing("test_publish_and_commit"))
    step.claim("captureOnCommitCallbacks() runs it", sent[1:], [["new post: Sent"]], fact="testcase-commit")


def _connected(step: Steps) -> None:
    from django.test import TestCase

    def hear(**_kwargs: object) -> None:
        pass

    class Tagging(TestCase):
        def test_tag(self) -> None:
            post_save.connect(hear, sender=Tag)
            Tag.objects.create(name="django")

    with step("run a test that connects a receiver"):
        _run(Tagging("test_tag"))
    step.claim("its rows are gone", Tag.objects.count(), 0, fact="test-isolation")

    with step("save after the test"):
        Tag.objects.create(name="signals")
    step.claim("its receiver is not", step.called("post_save"), ["hear"], fact="test-isolation")
    post_save.disconnect(hear, sender=Tag)


def _run(case: unittest.TestCase) -> None:
    """Run a test as a runner does, with what is set up for its class."""
    result = unittest.TestResult()
    unittest.TestSuite([case]).run(result)
    for _case, problem in [*result.errors, *result.failures]:
        raise AssertionError(problem)


def _database(step: Steps) -> None:
    from django.test.runner import DiscoverRunner

    step.playground.drop_tables()
    runner = DiscoverRunner(verbosity=0, interactive=False)
    with step("build the database for tests"):
        databases = runner.setup_databases(aliases={"default"}, serialized_aliases=set())
        runner.teardown_databases(databases)
    connection.close()  # the one of tests, which teardown_databases() leaves open where it is in memory
    migrated = sorted(config.label for config in apps.get_app_configs() if config.models_module)
    for name in ("pre_migrate", "post_migrate"):
        told = sorted(str(sender) for sender in step.senders(name))
        step.claim(f"{name} is sent once for each app", told, migrated, fact="test-runner")
    prepared = len(step.sent("class_prepared"))
    step.claim("hundreds of models of migrations are built", prepared > 100, fact="test-runner")
    step.claim("and no setting_changed is sent", step.sent("setting_changed"), [], fact="test-runner")
