"""Modules that are imported after the project was set up: when it serves, runs a command or discovers."""

from __future__ import annotations

from collections.abc import Container, Iterator

from sigexplorer.checks.facts import File
from sigexplorer.checks.project import Project

#: Modules that whoever serves imports; views only where URLs lead to them.
_SERVES = frozenset({"urls", "wsgi", "asgi"})
#: Settings whose texts lead to what is imported when it is used.
_SETTINGS = frozenset({"ROOT_URLCONF", "MIDDLEWARE", "AUTHENTICATION_BACKENDS", "TEMPLATES"})


def imported_later(project: Project) -> frozenset[str]:
    """Return the modules that something imports later, by the source.

    That are those that ``autodiscover_modules("hooks")`` and the like look for in every app; with
    the running project, which knows what it imported, also what serving a request, a template tag
    or a command may lead to.
    """
    own = [file for file in project.files if not file.is_test]
    names = frozenset(name for file in own for name in file.discovered)
    if project.live is None:
        return frozenset(file.module for file in own if file.module.rpartition(".")[2] in names)
    return _led_to_by_any(project, [file for file in own if _begins(file, names)], project.live.modules)


def _led_to_by_any(project: Project, waiting: list[File], loaded: Container[str]) -> frozenset[str]:
    """Return the modules that some lead to, without going through what is imported at the start."""
    found: set[str] = set()
    for file in waiting:  # which gets longer meanwhile
        if file.module in found:
            continue
        found.add(file.module)
        further = (project.by_module[path] for path in _led_to(project, file) - found)
        waiting += [one for one in further if str(one.path.resolve()) not in loaded]
    return frozenset(found)


def _begins(file: File, names: frozenset[str]) -> bool:
    """Whether Django, a server or a worker imports a module by itself, or it is the settings."""
    last = file.module.rpartition(".")[2]
    folders = file.within[:-1]
    by_folder = "templatetags" in folders or folders[-2:] == ("management", "commands")
    return last in _SERVES or last in names or by_folder or bool(_SETTINGS & set(file.scope.names))


def _led_to(project: Project, file: File) -> set[str]:
    """Return the modules that importing one, or what its texts name, imports as well."""
    is_settings = bool(_SETTINGS & set(file.scope.names))
    paths = file.strings if is_settings else file.imports | file.strings
    return {one for path in paths for one in _upwards(path) if one in project.by_module}


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]
