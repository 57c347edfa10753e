"""Whether what a receiver was connected for can ever be the sender of its signal.

Django compares senders by identity, so that most mistakes are silent: nothing is raised,
and nothing is ever received.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, NamedTuple

from sigexplorer.answers import Check
from sigexplorer.capture.senders import shown
from sigexplorer.capture.signals import SignalWords
from sigexplorer.capture.words import attribute, class_path, contents, is_a, model_label
from sigexplorer.errors import nearest
from sigexplorer.model import Origin
from sigexplorer.project.case import Case, Pending, Standing
from sigexplorer.project.evidence import answer, written
from sigexplorer.project.known_senders import never_sends
from sigexplorer.project.models import abstract_models, all_models, families, label
from sigexplorer.project.running import reached, reached_as


class _Fault(NamedTuple):
    what: str
    fix: str
    at: Origin | None = None
    partly: bool = False  # what is sent as the sender is received


def can_match(case: Case) -> Check:
    """See whether the sender of each registration can be sent with."""
    question = "can its sender ever match?"
    swept = _swept(case)
    if not case.standing and not case.pending and not swept:
        return answer("sender", question, "skipped")
    faults = [fault for one in case.pending if (fault := _waits(one, case)) is not None]
    faults += [fault for one in case.standing if (fault := _never(one, case)) is not None]
    faults += swept
    if not faults:
        return answer("sender", question, "ok", *(_matches(one, case) for one in case.standing))
    said = [fault.what for fault in faults]
    several = len(case.standing) + len(case.pending) + len(swept)
    if len(faults) < several and not any(fault.partly for fault in faults):
        said[0] = f"{len(faults)} of its {several} connections can never match, the others can: {said[0]}"
    if len(faults) < several or all(fault.partly for fault in faults):
        question = "does its sender match all that is sent?"
    return answer("sender", question, "failed", *said, at=[one.at for one in faults], fix=faults[0].fix)


def _matches(one: Standing, case: Case) -> str:
    """Name the sender, and what looks like it and is another one."""
    text = _text(one, case)
    if text is None:
        return f"{one.named.name}: every sender"
    if case.facts.senders.is_text(one.registration, one.event):
        return f"{one.named.name}: only where the very text '{text}' is sent{_kept_text(one, text)}"
    found = case.facts.senders.thing(one.registration)
    others = ""
    if issubclass(type(found), type) and is_model(found) and one.named.group in _OF_MODELS:
        proxies, children = families(found)
        if one.named.group == "delete":
            children = []  # deleting one sends for its parent too
        near = [label(model) for model in (*proxies, *children)]
        others = f"; {', '.join(near)} send as themselves" if near else ""
    return f"{one.named.name}: {text}{others}"


_OF_MODELS = frozenset({"init", "save", "delete"})


def is_model(thing: Any) -> bool:
    """Whether something is a model class."""
    return model_label(thing) is not None


def _waits(one: Pending, case: Case) -> _Fault | None:
    """Tell of a connection to a model that nobody defined."""
    known = ".".join(one.waiting.model)  # in lower case, as Django keeps it
    wanted = case.facts.source.spelled(known, one.at) if one.at else known
    abstract = next((model for model in abstract_models() if label(model).casefold() == known), None)
    if abstract is not None:
        of_fields = _of_many_to_many(abstract, label(abstract)) if one.named.group == "m2m" else None
        what, fix = of_fields or _of_abstract(abstract, label(abstract))
        return _Fault(f"{one.named.name}: {what}", fix, one.at)
    near = ", ".join(nearest(wanted, [label(model) for model in all_models()]))
    what = f"'{wanted}' is no model: the connect() at {written(one.at)} waits for it (nearest: {near})"
    return _Fault(what, "write the sender as app_label.Model", one.at)


def _text(one: Standing, case: Case) -> str | None:
    return case.facts.senders.words(one.registration, one.event)


def _never(one: Standing, case: Case) -> _Fault | None:
    """Tell why the sender of a registration can never be sent with, if that is so."""
    found = _sender(one, case)
    if one.named.name == "class_prepared" and (one.registration.sender_id is None or is_model(found)):
        return _too_late(one, found, case)
    if one.registration.sender_id is None:
        return None
    text = _text(one, case)
    fault = _fault(one, found, text, case)
    if fault is None or reached_as(case, one.named.path, text):
        return None
    what, fix = fault
    at = one.event.at if one.event else None
    return _Fault(f"{one.named.name}: {what}", fix, at, partly=_is_sent_in_part(one, found, case))


def _too_late(one: Standing, found: Any, case: Case) -> _Fault | None:
    """Tell of a connection that was made when the models were prepared, of which each is sent once."""
    if one.event is None or not one.event.after_models or reached(case):
        return None
    what = (
        f"{one.named.name}: it was connected at {written(one.event.at)}, and all models are prepared by then"
    )
    if found is None:
        what = f"{what}: only those that are made later are sent, such as the models of migrations"
    fix = "connect it before the models are imported: in the __init__.py of the first of INSTALLED_APPS"
    return _Fault(what, fix, one.event.at, partly=found is None)


def _is_sent_in_part(one: Standing, found: Any, case: Case) -> bool:
    """Whether some send with it: what saves through a proxy, what has the very text."""
    if one.named.group in _OF_MODELS:
        return is_model(found) and bool(found._meta.proxy)
    return one.named.group == "custom" and case.facts.senders.is_text(one.registration, one.event)


def _sender(one: Standing, case: Case) -> Any:
    if one.event is not None and one.event.sender_reference is not None:
        return one.event.sender_reference()
    return case.facts.senders.thing(one.registration)


def _fault(one: Standing, found: Any, text: str | None, case: Case) -> tuple[str, str] | None:
    kind = one.event.sender_kind if one.event else class_path(type(found))
    is_text = kind == "builtins.str"
    told = shown(text, is_text=is_text)
    if one.event is not None and one.event.sender_reference is not None and found is None:
        return _gone(one.named, text, kind)
    if one.named.group == "m2m":
        return _of_many_to_many(found, told)
    if one.named.group in _OF_MODELS:
        return _of_models(one, found, told, case)
    if one.named.name in ("pre_migrate", "post_migrate"):
        return _of_migrate(found, told)
    if one.named.group == "auth" and is_model(found) and (fault := _of_users(found, told)) is not None:
        return fault
    return _of_text(one, text) if is_text else never_sends(one.named, found, told)


def _of_users(found: Any, text: str) -> tuple[str, str] | None:
    """Tell why no user is of such a class."""
    if not found._meta.swapped and not found._meta.abstract:
        return None
    which = f"swapped out for {found._meta.swapped}" if found._meta.swapped else "abstract"
    return f"its sender {text} is {which}: no user is of that class", "use get_user_model() as the sender"


def _of_text(one: Standing, text: str | None) -> tuple[str, str] | None:
    """Tell why nobody sends with such a text, as far as is known."""
    if _is_sent_text(one, text):
        return None
    what = f"its sender is the text '{text}', and this signal compares senders by identity"
    if one.named.group == "custom":
        what = f"{what}: only the very same text object matches"
    return what, "use the object that sends it as the sender, or no sender"


def _swept(case: Case) -> list[_Fault]:
    """Tell of connections that Django has forgotten, as newer ones do, because their sender is gone."""
    kept = {id(one.event) for one in case.standing}
    ended = {id(one.event.key) for one in case.attempts if one.event.kind == "disconnected"}
    lost = [
        one
        for one in case.attempts
        if one.event.kind == "connected" and id(one.event) not in kept and id(one.event.key) not in ended
        if not one.event.died and one.event.sender_reference is not None
        if one.event.sender_reference() is None
    ]
    told = [(one, _gone(one.named, one.event.sender, one.event.sender_kind)) for one in lost]
    return [_Fault(f"{one.named.name}: {what}", fix, one.event.at) for one, (what, fix) in told]


def _gone(named: SignalWords, text: str | None, kind: str) -> tuple[str, str]:
    """Tell of a sender that nothing holds: the object of a model stands for no class."""
    model = next((model for model in all_models() if class_path(model) == kind), None)
    if model is not None and named.group in (*_OF_MODELS, "m2m"):
        return f"its sender was a {label(model)}, and only classes send this", f"use {label(model)} itself"
    return f"its sender {text} is gone", "connect it for something that lives as long"


def _is_sent_text(one: Standing, text: str | None) -> bool:
    """Whether somebody may send with that text: the project by its own signals, Django with one name."""
    if one.named.group == "custom":
        return bool(_kept_text(one, text))
    module = sys.modules.get("django.contrib.auth")
    sent = one.named.name == "user_login_failed" and text == "django.contrib.auth"
    return sent and module is not None and id(module.__name__) == one.registration.sender_id


def _kept_text(one: Standing, text: str | None) -> str:
    """Say where the text lives on that a registration is for; empty where nothing is known of it."""
    wanted = one.registration.sender_id
    if text is not None and id(sys.intern(text)) == wanted:
        return ", as every literal of it is"  # a name: Python has it once
    for name, module in sys.modules.copy().items():
        if id(name) == wanted:
            return ", the name of that module"
        if issubclass(type(module), ModuleType):
            for variable, held in contents(module).items():
                if id(held) == wanted:
                    return f", as {name}.{variable} is"
    return ""


def _of_models(one: Standing, found: Any, text: str, case: Case) -> tuple[str, str] | None:
    """Tell why no model sends init, save or delete signals as ``found``."""
    if not issubclass(type(found), type):
        which = f"{label(type(found))} itself" if is_model(type(found)) else "a model class"
        return f"its sender {text} is no class, and only models send this", f"use {which} as the sender"
    if is_model(found):
        return _of_model(one, found, text, case)
    return f"its sender {text} is no model, and only models send this", _connect_heirs(found)


def _connect_heirs(found: Any) -> str:
    heirs = [label(model) for model in all_models() if any(base is found for base in model.__mro__[1:])]
    return f"connect it for each of {', '.join(heirs)}" if heirs else "use a model class as the sender"


def _of_abstract(found: Any, text: str) -> tuple[str, str]:
    what = f"its sender {text} is abstract: only its children are saved, as themselves"
    return what, _connect_heirs(found)


def _of_model(one: Standing, found: Any, text: str, case: Case) -> tuple[str, str] | None:
    """Tell why this model sends no such signal."""
    options = found._meta
    if options.abstract:
        return _of_abstract(found, text)
    if options.swapped:
        return (
            f"its sender {text} is swapped out for {options.swapped}",
            f"use '{options.swapped}' as the sender",
        )
    if options.proxy and not reached(case) and not _hears(case, one, options.concrete_model):
        concrete = label(options.concrete_model)
        what = f"its sender {text} is a proxy: what is not saved through it is sent by {concrete}"
        return what, f"connect it for {concrete} as well"
    if options.auto_created and one.named.group != "init":
        what = f"its sender {text} is an automatic through model, which sends no {one.named.name}"
        return what, "listen to m2m_changed"
    return None


def _hears(case: Case, one: Standing, model: Any) -> bool:
    """Whether the receiver is connected to the same signal for ``model``, or for every sender, as well."""
    return any(
        other.signal is one.signal and other.registration.sender_id in (None, id(model))
        for other in case.standing
    )


def _of_many_to_many(found: Any, text: str) -> tuple[str, str] | None:
    """Tell why ``found`` is the through model of no many-to-many field."""
    fields = [(model, field) for model in all_models() for field in model._meta.local_many_to_many]
    if any(field.remote_field.through is found for _, field in fields):
        return None
    near = [(model, field) for model, field in fields if found is model or found is field.related_model]
    own = [f"{label(model)}.{field.name}.through" for model, field in near]
    if is_a(found, "django.db.models.fields.related_descriptors.ManyToManyDescriptor"):
        rel = attribute(found, "rel")  # the descriptor of the field itself was given
        own = [f"{label(model)}.{field.name}.through" for model, field in fields if field.remote_field is rel]
    meant = " or ".join(own) or "the through model of the field"
    return f"its sender {text} is no through model, and only those send m2m_changed", f"use sender={meant}"


def _of_migrate(found: Any, text: str) -> tuple[str, str] | None:
    """Tell why ``found`` is not the configuration of an app that migrates."""
    from django.apps import apps

    configs = list(apps.get_app_configs())
    config = next((one for one in configs if one is found), None)
    if config is not None and config.models_module is None:
        return (
            f"its sender, the app {text}, has no models module and is never migrated",
            "use an app that has models",
        )
    if config is not None:
        return None
    instances = [
        one.label for one in configs if type(one) is found or text in (f"'{one.label}'", f"'{one.name}'")
    ]
    fix = (
        f"use apps.get_app_config('{instances[0]}'), or self in its ready()"
        if instances
        else "use an AppConfig"
    )
    return f"its sender {text} is not the instance of an AppConfig, and only those send this", fix
