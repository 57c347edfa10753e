"""Senders that can never match, or match less or more than was meant."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sigexplorer.checks.facts import Class
from sigexplorer.checks.names import USER_MODEL, chain
from sigexplorer.checks.project import ABSTRACT, MODEL_SIGNALS, STOCK_MODELS, Listener, Project, short
from sigexplorer.checks.rule import Hit, at_listener, rule
from sigexplorer.errors import nearest

_DELETES = frozenset({"pre_delete", "post_delete"})
_OF_MODELS = frozenset(short(path) for path in MODEL_SIGNALS)


@rule("SX020", "error")
def m2m_not_through(project: Project) -> Iterator[Hit]:
    """The sender of ``m2m_changed`` is no through model.

    ``m2m_changed`` is sent by the model of the table in between, never by the models on
    either side, nor by the field.

    Use ``sender=Post.tags.through``.

    Wrong::

        from django.db import models
        from django.db.models.signals import m2m_changed
        from django.dispatch import receiver

        class Tag(models.Model):
            name = models.CharField(max_length=50)

        class Post(models.Model):
            tags = models.ManyToManyField(Tag)

        @receiver(m2m_changed, sender=Post)
        def retag(sender, instance, action, **kwargs):
            print(action)

    Right::

        from django.db import models
        from django.db.models.signals import m2m_changed
        from django.dispatch import receiver

        class Tag(models.Model):
            name = models.CharField(max_length=50)

        class Post(models.Model):
            tags = models.ManyToManyField(Tag)

        @receiver(m2m_changed, sender=Post.tags.through)
        def retag(sender, instance, action, **kwargs):
            print(action)
    """
    throughs = {
        project.follow(relation.through)
        for found in project.classes.values()
        for relation in found.relations.values()
        if relation.through
    }
    for listener in project.listeners:
        if "m2m_changed" not in listener.names or listener.sender is None:
            continue
        path = listener.sender
        if listener.sender_text is not None:
            path = next((found.path for found in _models(project, listener.sender_text)), "")
        owner = project.classes.get(path.rpartition(".")[0])
        if owner is not None and short(path) in owner.relations:
            message = (
                f"{listener.name} never runs: {owner.name}.{short(path)} is the field, its model is .through"
            )
        elif path in STOCK_MODELS or (
            project.is_model(path)
            and path not in throughs
            and path not in ABSTRACT
            and not _has_keys(project, path)
        ):
            message = f"{listener.name} never runs: {short(path)} is no through model of a many-to-many field"
        else:
            continue
        yield at_listener(listener, message, listener.connection.sender)


def _has_keys(project: Project, path: str) -> bool:
    """Whether a model has two foreign keys, and may be somebody's through model."""
    relations = project.classes[path].relations.values() if path in project.classes else ()
    many = any("ManyToMany" in one.kind for one in relations)
    return not many and sum("Key" in one.kind for one in relations) >= 2  # noqa: PLR2004 - one for each side


@rule("SX021", "error")
def abstract_sender(project: Project) -> Iterator[Hit]:
    """The sender is an abstract model.

    A signal is sent by the class of the instance, and senders are compared by identity: an
    abstract model or another base class never is the sender, and its children do not count
    as it.

    Connect to each concrete model, or to every sender with ``issubclass(sender, Base)`` in the receiver.

    Wrong::

        from django.db import models
        from django.db.models.signals import post_save
        from django.dispatch import receiver

        class Dated(models.Model):
            class Meta:
                abstract = True

        class Post(Dated):
            title = models.CharField(max_length=50)

        @receiver(post_save, sender=Dated)
        def index(sender, instance, **kwargs):
            print(instance.pk)

    Right::

        from django.db import models
        from django.db.models.signals import post_save
        from django.dispatch import receiver

        class Dated(models.Model):
            class Meta:
                abstract = True

        class Post(Dated):
            title = models.CharField(max_length=50)

        @receiver(post_save, sender=Post)
        def index(sender, instance, **kwargs):
            print(instance.pk)
    """
    for listener in project.listeners:
        if not listener.names & _OF_MODELS or listener.sender is None:
            continue
        found = project.classes.get(listener.sender)
        if listener.sender in ABSTRACT or (found is not None and found.abstract):
            message = (
                f"{listener.name} never runs: {short(listener.sender)} is abstract and is never the sender"
            )
            yield at_listener(listener, message, listener.connection.sender)


@rule("SX022", "warning")
def sender_with_relatives(project: Project) -> Iterator[Hit]:
    """The sender has proxies or children that do not match.

    Saving through a proxy sends the signal with the proxy as sender, and saving a child of
    multi-table inheritance with the child: a receiver of the parent hears neither.

    Connect to each of them as well, or leave a comment that this is meant.

    Wrong::

        from django.db import models
        from django.db.models.signals import post_save
        from django.dispatch import receiver

        class Post(models.Model):
            title = models.CharField(max_length=50)

        class Draft(Post):
            class Meta:
                proxy = True

        @receiver(post_save, sender=Post)
        def index(sender, instance, **kwargs):
            print(instance.pk)

    Right::

        from django.db import models
        from django.db.models.signals import post_save
        from django.dispatch import receiver

        class Post(models.Model):
            title = models.CharField(max_length=50)

        class Draft(Post):
            class Meta:
                proxy = True

        @receiver(post_save, sender=Post)
        @receiver(post_save, sender=Draft)
        def index(sender, instance, **kwargs):
            print(instance.pk)
    """
    for receiver in project.receivers:
        for listener in receiver.listeners:
            if (
                not listener.names & (_OF_MODELS - {"m2m_changed"})
                or listener.file.is_test
                or not listener.sender
            ):
                continue
            if listener.names <= _DELETES:
                relatives = [one for one in _relatives(project, listener.sender) if one.proxy]
            else:
                relatives = _relatives(project, listener.sender)
            missed = sorted({one.name for one in relatives if one.path not in receiver.senders})
            if missed:
                what = ", ".join(missed[:3]) + (f" and {len(missed) - 3} more" if len(missed) > 3 else "")  # noqa: PLR2004
                message = (
                    f"{listener.name} does not hear {what}: only {short(listener.sender)} itself matches"
                )
                yield at_listener(listener, message, listener.connection.sender)


def _relatives(project: Project, sender: str) -> list[Class]:
    path = sender
    if sender not in project.classes and "." in sender:
        path = next((found.path for found in _models(project, sender)), sender)
    if not project.is_model(path) or path in ABSTRACT:
        return []
    own = project.classes.get(path)
    if own is not None and own.abstract:
        return []
    return [one for one in project.children.get(path, []) if not one.abstract and not one.file.is_test]


@rule("SX023", "error")
def text_as_sender(project: Project) -> Iterator[Hit]:
    """A string is the sender of a signal that knows no ``"app.Model"``.

    Only the model signals look a string up. Any other signal compares the string itself, by
    identity, with whatever was sent, so it never matches, or does so by accident.

    Pass the object that is sent as the sender.

    Wrong::

        from django.contrib.auth.signals import user_logged_in
        from django.dispatch import receiver

        @receiver(user_logged_in, sender="auth.User")
        def greet(sender, request, user, **kwargs):
            print(user)

    Right::

        from django.contrib.auth.models import User
        from django.contrib.auth.signals import user_logged_in
        from django.dispatch import receiver

        @receiver(user_logged_in, sender=User)
        def greet(sender, request, user, **kwargs):
            print(user)
    """
    for listener in project.listeners:
        if listener.sender_text is None and listener.sender != USER_MODEL:
            continue
        if listener.sender == USER_MODEL and not _is_settings(listener):
            continue
        plain = [path for path in listener.signals if _is_plain(project, path, listener.sender_text)]
        if plain:
            text = listener.sender_text or "settings.AUTH_USER_MODEL"
            message = f"{listener.name} never runs: {short(plain[0])} compares the text '{text}' by identity"
            yield at_listener(listener, message, listener.connection.sender)


def _is_settings(listener: Listener) -> bool:
    return chain(listener.connection.sender or ast.Constant(None))[-1] == "AUTH_USER_MODEL"


def _is_plain(project: Project, path: str, text: str | None) -> bool:
    own = project.signals.get(path)
    if own is None:
        return (
            path.startswith("django.") and path not in MODEL_SIGNALS and not path.endswith(".class_prepared")
        )
    return not own.is_model_signal and (text is None or not text.isidentifier())


@rule("SX024", "error")
def lazy_typo(project: Project) -> Iterator[Hit]:
    """No model has the name that is the sender.

    ``"app.Model"`` is looked up once such a model is loaded. A name that no model has is
    kept waiting for ever, without a word.

    Correct the name; use the class where the import allows it.

    Wrong::

        # file: blog/models.py
        from django.db import models
        from django.db.models.signals import post_save
        from django.dispatch import receiver

        class Post(models.Model):
            title = models.CharField(max_length=50)

        @receiver(post_save, sender="blog.Pots")
        def index(sender, instance, **kwargs):
            print(instance.pk)

    Right::

        # file: blog/models.py
        from django.db import models
        from django.db.models.signals import post_save
        from django.dispatch import receiver

        class Post(models.Model):
            title = models.CharField(max_length=50)

        @receiver(post_save, sender="blog.Post")
        def index(sender, instance, **kwargs):
            print(instance.pk)
    """
    for listener in project.listeners:
        text = listener.sender_text
        if text is None or not listener.names & _OF_MODELS:
            continue
        label, dot, name = text.partition(".")
        if not dot or "." in name or not name.isidentifier():
            message = f"{listener.name} is not connected: '{text}' is not of the form 'app.Model'"
            yield at_listener(listener, message, listener.connection.sender)
            continue
        known = _known_models(project, label)
        if known and name.lower() not in {one.lower() for one in known} and not name.startswith("Historical"):
            near = ", ".join(nearest(name, known))
            message = f"{listener.name} never runs: no model is called '{text}' (nearest: {near})"
            yield at_listener(listener, message, listener.connection.sender)


def _known_models(project: Project, label: str) -> list[str]:
    """Return the names of an app's models; none where not all of them are known."""
    if project.live is not None:
        own = [one.label for one in project.live.models.values()]
        apps = {one.partition(".")[0] for one in own} | project.live.apps
        return (
            [one.partition(".")[2] for one in own if one.partition(".")[0] == label] if label in apps else own
        )
    found = [
        one
        for one in project.classes.values()
        if project.is_model(one.path) and _label(project, one) == label
    ]
    if not any(
        one.file.module.rpartition(".")[2] == "models" or ".models." in one.file.module for one in found
    ):
        return []
    fields = [f"{one.name}_{field}" for one in found for field in one.relations]
    return [*(one.name for one in found), *fields]


def _label(project: Project, found: Class) -> str:
    if found.app_label:
        return found.app_label
    package = found.file.module.split(".models")[0]
    for config in project.classes.values():
        if config.constants.get("name") == package and isinstance(config.constants.get("label"), str):
            return str(config.constants["label"])
    return short(package) if package != found.file.module else short(found.file.package)


def _models(project: Project, text: str) -> list[Class]:
    """Return the classes that ``"app.Model"`` may mean."""
    label, _, name = text.partition(".")
    return [
        one
        for one in project.classes.values()
        if one.name.lower() == name.lower() and project.is_model(one.path) and _label(project, one) == label
    ]


@rule("SX026", "error")
def instance_as_sender(project: Project) -> Iterator[Hit]:
    """The sender is an instance of a model.

    Model signals are sent by classes. An instance never is the sender, and one that is not
    saved cannot even be hashed.

    Connect to the class, and compare ``instance`` in the receiver.

    Wrong::

        from django.contrib.auth.models import User
        from django.db.models.signals import post_save

        def index(sender, instance, **kwargs):
            print(instance.pk)

        post_save.connect(index, sender=User.objects.get(pk=1))

    Right::

        from django.contrib.auth.models import User
        from django.db.models.signals import post_save

        def index(sender, instance, **kwargs):
            if instance.pk == 1:
                print(instance.pk)

        post_save.connect(index, sender=User)
    """
    for listener in project.listeners:
        sender = listener.connection.sender
        if sender is None or not listener.names & _OF_MODELS:
            continue
        made = isinstance(sender, ast.Call) and (
            project.is_model(project.resolve(sender.func, listener.connection.scope, listener.file))
            or (chain(sender)[-1] in ("get", "create", "first", "last") and "objects" in chain(sender))
        )
        named = isinstance(sender, ast.Name) and sender.id == "instance"
        own = isinstance(sender, ast.Name) and sender.id == "self" and _in_model(project, listener)
        if made or named or own:
            text = ast.unparse(sender)[:60]
            message = f"{listener.name} never runs: {text} is an instance, and senders are classes"
            yield at_listener(listener, message, sender)


def _in_model(project: Project, listener: Listener) -> bool:
    scope = listener.connection.scope
    owner = scope.parent
    return (
        owner is not None and owner.is_class and project.is_model(f"{listener.file.module}.{owner.qualname}")
    )


@rule("SX027", "error")
def swapped_user(project: Project) -> Iterator[Hit]:
    """The sender is ``auth.User``, but the project has a user model of its own.

    With ``AUTH_USER_MODEL`` set to another model, ``django.contrib.auth.models.User`` has no
    table and is never saved.

    Use ``sender=settings.AUTH_USER_MODEL`` for model signals, ``get_user_model()`` for others.

    Wrong::

        # file: site/settings.py
        AUTH_USER_MODEL = "people.Person"

        # file: people/receivers.py
        from django.contrib.auth.models import User
        from django.db.models.signals import post_save
        from django.dispatch import receiver

        @receiver(post_save, sender=User)
        def index(sender, instance, **kwargs):
            print(instance.pk)

    Right::

        # file: site/settings.py
        AUTH_USER_MODEL = "people.Person"

        # file: people/receivers.py
        from django.conf import settings
        from django.db.models.signals import post_save
        from django.dispatch import receiver

        @receiver(post_save, sender=settings.AUTH_USER_MODEL)
        def index(sender, instance, **kwargs):
            print(instance.pk)
    """
    model = project.user_model()
    if model is None or model.lower() == "auth.user":
        return
    for listener in project.listeners:
        is_stock = (
            listener.sender == "django.contrib.auth.models.User"
            or (listener.sender_text or "").lower() == "auth.user"
        )
        if is_stock and not listener.file.is_test:
            message = f"{listener.name} never runs: the user model is '{model}', not auth.User"
            yield at_listener(listener, message, listener.connection.sender)
