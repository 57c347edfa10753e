"""How a receiver gets connected: it is written, imported, and somebody calls ``connect``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from sigexplorer.answers import Check, State
from sigexplorer.capture.connections import Noted
from sigexplorer.capture.importers import IMPORTS
from sigexplorer.capture.places import short
from sigexplorer.capture.receivers import ReceiverWords
from sigexplorer.capture.senders import for_text, shown
from sigexplorer.capture.words import class_path, contents
from sigexplorer.model import Origin
from sigexplorer.project.case import Case
from sigexplorer.project.evidence import answer, written
from sigexplorer.project.source import connects


def in_source(case: Case) -> Check:
    """Look for the function in the project's source."""
    question = "is there such a function in the source?"
    if case.definitions:
        at = [one.at for one in case.definitions]
        return answer("source", question, "ok", *(f"defined at {written(one)}" for one in at), at=at)
    found = [one.receiver for one in case.standing] or [one.event.receiver for one in case.attempts]
    there = next((Origin(one.file, one.line, one.name) for one in found if one.file and one.line), None)
    if there is not None and there.file in {short(str(file.path)) for file in case.facts.source.files}:
        return answer("source", question, "ok", f"defined at {written(there)}", at=[there])
    where = f"at {written(there)}" if there else "where no Python source is"
    return answer("source", question, "ok", f"not in the project's own source; it is defined {where}")


def imported(case: Case) -> Check:
    """See whether its module was imported, and by whom."""
    question = "was its module imported, by whom?"
    if case.module is None:
        return answer("imported", question, "ok", "it exists, so its module was imported")
    loaded = [case.module] if case.module in sys.modules else _other_names(case)
    if loaded:
        by = [(name, IMPORTS.importer(name)) for name in loaded]
        said = [f"{name} was imported by {written(at)}" if at else f"{name} is imported" for name, at in by]
        return answer("imported", question, "ok", *said, at=[at for _, at in by])
    if case.recorded:
        return answer("imported", question, "ok", f"{case.module} was imported in the run, not at the start")
    if IMPORTS.failed(case.module):
        return _ended_in_silence(case, case.module, question)
    importers = case.facts.source.importers(case.module)
    said = [f"{written(at)} would import it{_unless_loaded(file.module)}" for file, at in importers]
    state: State = "noted" if ready_that_never_ran(case) is not None else "failed"
    what, fix = (
        f"{case.module} was never imported",
        f"import {case.module} in the ready() of its app's AppConfig",
    )
    app = _app_left_out(case)
    if app is not None:
        what, fix = f"{what}: its app, {app}, is not in INSTALLED_APPS", f"add '{app}' to INSTALLED_APPS"
    elif _config(case) is None:
        fix = f"import {case.module} in the ready() of an installed app's AppConfig"
    return answer("imported", question, state, what, *said, at=[at for _, at in importers], fix=fix)


def _ended_in_silence(case: Case, module: str, question: str) -> Check:
    """Tell of an import that began and did not end, and what in the file may have ended it."""
    at = IMPORTS.importer(module)
    what = f"{module} was imported by {written(at)}, which ended with an error that nobody was told"
    fix = f"let it out: import {module} in a shell of the project shows it"
    file = case.definitions[0].at.file if case.definitions else ""
    lacking = IMPORTS.missing(file)
    said = [f"{written(where)} imports {name}, which could not be imported" for name, where in lacking]
    for name, wanted, where in case.facts.source.names_wanted(file):
        loaded = sys.modules.get(name)
        if loaded is not None and wanted != "*" and not _has(loaded, name, wanted):
            said.append(f"{written(where)} imports {wanted} from {name}, which has no such name")
            lacking.append((name, where))
    places = [at, *(where for _, where in lacking)]
    return answer("imported", question, "failed", what, *said, at=places, fix=fix)


def _has(module: Any, name: str, wanted: str) -> bool:
    """Whether a module may give what is imported from it; one that makes its names is not asked."""
    held = contents(module)
    return wanted in held or "__getattr__" in held or f"{name}.{wanted}" in sys.modules


def _app_left_out(case: Case) -> str | None:
    """Return the package of the app that the receiver's file belongs to, if that is not installed."""
    if not case.definitions or _config(case) is not None:
        return None
    home = case.definitions[0].file.path
    folders = set(home.parents)
    found = [
        file
        for file in case.facts.source.files
        if file.path.name == "apps.py" and file.path.parent in folders
    ]
    if not found:
        return None
    closest = max(found, key=lambda file: len(file.path.parts))
    return closest.module.rpartition(".")[0] or None


def _other_names(case: Case) -> list[str]:
    """Return the names by which the file was imported, where that is not its own."""
    if not case.definitions:
        return []
    path = str(case.definitions[0].file.path)
    loaded = [(name, contents(module).get("__file__")) for name, module in sys.modules.copy().items()]
    return [name for name, file in loaded if type(file) is str and file == path]


def _unless_loaded(module: str) -> str:
    if module in sys.modules:
        return ", once that line runs: a run to look at tells"
    return f", but {module} was not imported either"


def ready_that_never_ran(case: Case) -> str | None:
    """Return the ``ready()`` beside the receiver that Django did not run, because it uses another class."""
    config = _config(case)
    if config is None or case.connected or case.elsewhere or not case.definitions:
        return None
    used = class_path(type(config))
    written_there = [
        one.name.removesuffix(".ready") for one in case.facts.source.configurations(Path(config.path))
    ]
    return next((name for name in written_there if name != used), None) if used not in written_there else None


def _config(case: Case) -> Any:
    """Return the configuration of the installed app that the receiver's file belongs to."""
    from django.apps import apps

    if not case.definitions:
        return apps.get_containing_app_config(case.module) if case.module else None
    path = case.definitions[0].file.path
    found = [one for one in apps.get_app_configs() if path.is_relative_to(one.path)]
    return max(found, key=lambda one: len(one.path), default=None)


def ready_ran(case: Case) -> Check:
    """See whether Django ran the ``ready()`` of the receiver's app."""
    question = "did the ready() of its app run?"
    config = _config(case)
    if config is None:
        if case.connected or case.elsewhere or case.module is None:
            return answer("ready", question, "ok", "it belongs to no app, and needs none")
        app = _app_left_out(case) or case.module.partition(".")[0]
        return answer(
            "ready", question, "failed", f"{case.module} is in no installed app: no ready() imports it",
            fix=f"add '{app}' to INSTALLED_APPS, or import it in an app's ready()",
        )  # fmt: skip
    unused = ready_that_never_ran(case)
    if unused is not None:
        used = class_path(type(config))
        return answer(
            "ready", question, "failed", f"{unused}.ready() never ran: Django uses {used} for {config.name}",
            fix=f"name '{unused}' in INSTALLED_APPS",
        )  # fmt: skip
    has = "ran" if "ready" in contents(type(config)) else "is Django's own, which does nothing"
    return answer("ready", question, "ok", f"{class_path(type(config))}.ready() {has}")


def connect_called(case: Case) -> Check:
    """See whether anybody connected it."""
    question = "was connect() called?"
    if case.connected:
        events = [one.event for one in case.attempts if one.event.kind in ("connected", "ignored")]
        said = [
            _said(one.event, one.named.name) + _as(one.event.receiver, case)
            for one in case.attempts
            if one.event in events
        ]
        said += [
            f"to {one.named.name} at {written(one.at)}, once {'.'.join(one.waiting.model)} is there"
            for one in case.pending
        ]
        said = said or [f"to {one.named.name}" for one in case.standing]
        said = said or [f"to {path}, in the run" for path in case.recorded]
        return answer("connected", question, "ok", *said, at=[event.at for event in events])
    if case.elsewhere:
        return _connected_elsewhere(case, question)
    elsewhere = case.facts.source.connections(case.name.rpartition(".")[2])
    not_imported = case.module is not None and case.module not in sys.modules
    when = "" if case.trace is None else " when the project started"  # what a run did later is its own
    said = [f"the connect() at {written(at)} did not run{when}" for at in elsewhere]
    said += [
        f"@{text} at {written(one.at)} did not run{when}"
        for one in case.definitions
        for text in filter(connects, one.decorators)
    ]
    what = f"nobody connected it to {case.signal}" if case.signal else "nobody connected it to any signal"
    fix = (
        "let that line run when Django starts"
        if said
        else "decorate it with @receiver, or connect it in ready()"
    )
    state: State = "noted" if not_imported else "failed"
    return answer("connected", question, state, what, *said, at=elsewhere, fix=fix)


def _as(receiver: ReceiverWords, case: Case) -> str:
    """Say by what name it was made known by a decorator that keeps none, or by another import of its file."""
    if receiver.name in case.names:
        return ""
    there = any((one.at.file, one.at.line) == (receiver.file, receiver.line) for one in case.definitions)
    how = "its file was imported by two names" if there else "what a decorator made of it"
    return f", as {receiver.name}: {how}"


def _connected_elsewhere(case: Case, question: str) -> Check:
    """Tell which signals it is connected to, where it is asked about another one."""
    wanted = str(case.signal).rpartition(".")[2]
    names = list(dict.fromkeys(one.named.name for one in case.elsewhere))
    events = [(one.event, one.named.name) for one in case.elsewhere if one.event is not None]
    return answer(
        "connected", question, "failed",
        f"it is connected to {', '.join(names)}, not to {wanted}",
        *(_said(event, name) for event, name in events),
        at=[event.at for event, _ in events],
        fix=f"ask about {names[0]}, or connect it to {wanted} as well",
    )  # fmt: skip


def _said(event: Noted, signal: str) -> str:
    sender = shown(event.sender, is_text=for_text(event))
    return f"to {signal} for {sender} at {written(event.at)}"
