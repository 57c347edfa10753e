"""The built-in scenarios: scripted stories whose claims are checked as they run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sigexplorer.catalog.page import ANCIENT, Version
from sigexplorer.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story: its name, what it shows, and where its function is, imported when it runs."""

    name: str
    summary: str
    code: str  # module:function in this package
    added: Version = ANCIENT  # the Django it needs at least


SCENARIOS = (
    Scenario(
        "login-flow", "a visitor signs up, mistypes the password, logs in and logs out", "auth:login_flow"
    ),
    Scenario("failed-login", "what a failed login sends, and what it masks", "auth:failed_login"),
    Scenario("logout-anonymous", "logging out without having logged in", "auth:logout_anonymous"),
    Scenario("save-user", "a user is saved, and a receiver saves their profile", "saving:save_user"),
    Scenario(
        "update-user", "the ways to change a row that exists, and what each sends", "saving:update_user"
    ),
    Scenario("delete-cascade", "one delete() takes rows of five tables along", "deleting:delete_cascade"),
    Scenario(
        "many-to-many", "add, remove, set, clear, and the same from the other side", "relations:many_to_many"
    ),
    Scenario(
        "proxy-and-child-models",
        "who the sender is for proxies and multi-table children",
        "relations:proxy_and_child_models",
    ),
    Scenario("listening", "what changes as soon as anybody listens", "listening:listening"),
    Scenario("load-fixture", "loaddata saves with raw=True", "saving:load_fixture"),
    Scenario("bulk-operations", "the operations that send nothing", "bulk:bulk_operations"),
    Scenario(
        "rollback", "signals are not undone by a rollback, on_commit callbacks are", "transactions:rollback"
    ),
    Scenario("migrate", "migrate forward, with nothing to do and backward, then flush", "migrating:migrate"),
    Scenario(
        "settings-override", "override_settings sends twice, assignment never", "testing:settings_override"
    ),
    Scenario("request", "a page through WSGI and through ASGI", "requests:request"),
    Scenario(
        "request-exception",
        "a view that fails, and errors that are no failures",
        "requests:request_exception",
    ),
    Scenario("template", "a template that extends another, instrumented and not", "testing:template"),
    Scenario(
        "two-databases", "using names the database; connections are opened late", "databases:two_databases"
    ),
    Scenario(
        "async-receivers", "sync and async receivers under send() and asend()", "dispatching:async_receivers"
    ),
    Scenario("nested-signals", "a receiver that saves sends signals of its own", "saving:nested_signals"),
    Scenario(
        "receiver-error", "send() stops at an error, send_robust() goes on", "dispatching:receiver_error"
    ),
    Scenario(
        "connect-and-disconnect",
        "weak references, dispatch_uid, sender, lists of signals, order",
        "dispatching:connect_and_disconnect",
    ),
    Scenario("task", "a task is enqueued, started and finished", "tasks:task", added=(6, 0)),
    Scenario(
        "connecting",
        "what connect() and @receiver make of twice, of one uid, of decorators and parameters",
        "connecting:connecting",
    ),
    Scenario(
        "weak-references", "receivers that are gone before they are called", "references:weak_references"
    ),
    Scenario("senders", "who can be a sender, and when a receiver matches it", "senders:senders"),
    Scenario("order", "who is called when, and what becomes of what receivers return", "calling:order"),
    Scenario("errors", "what fails with a receiver, and what is saved all the same", "calling:errors"),
    Scenario(
        "async-order", "async receivers beside sync ones, failing, and their context", "awaiting:async_order"
    ),
    Scenario(
        "saving", "what post_save knows of keys, fields, expressions, forms and fixtures", "rows:saving"
    ),
    Scenario("instances", "when objects are built, and what is known of them then", "instances:instances"),
    Scenario("deleting", "rows that go, and of which nobody is told", "losing:deleting"),
    Scenario("database-cascade", "rows that the database deletes", "losing:database_cascade", added=(6, 1)),
    Scenario(
        "through-models",
        "many-to-many by a model of one's own, to oneself, and pk_set",
        "through:through_models",
    ),
    Scenario("model-classes", "when a model is announced, and who is too late", "classes:model_classes"),
    Scenario("data-migration", "the models of a migration are not yours", "classes:data_migration"),
    Scenario("serving", "how requests end, under WSGI, ASGI and the test Client", "serving:serving"),
    Scenario("request-errors", "which errors of a request are told", "serving:request_errors"),
    Scenario("identities", "who is logged in and out, and what a failure shows", "identities:identities"),
    Scenario(
        "settings-and-templates",
        "override in override, receivers that fail, templates and what is none",
        "overriding:settings_and_templates",
    ),
    Scenario("connections", "when a connection opens, and again", "opening:connections_opened"),
    Scenario(
        "autoreload", "a file changes, and who can keep the process from ending", "restarting:autoreload"
    ),
    Scenario("test-cases", "what tests send, undo, and leave behind", "cases:test_cases"),
    Scenario("task-backends", "the backend that runs no task", "tasks:task_backends", added=(6, 0)),
    Scenario("looking", "printing and scanning run code, and SQL", "looking:looking"),
)


def find(name: str, others: Iterable[str] = ()) -> Scenario:
    """Return the built-in scenario called ``name``; ``others`` are names that it may be near."""
    for scenario in SCENARIOS:
        if scenario.name == name:
            return scenario
    raise UnknownNameError("scenario", name, [*(scenario.name for scenario in SCENARIOS), *others])
