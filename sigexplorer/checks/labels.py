"""``"app.Model"``: which models a text may mean."""

from __future__ import annotations

from sigexplorer.checks.facts import Class
from sigexplorer.checks.project import Project

#: The models of Django's own apps that are often senders.
_STOCK = {
    "auth": ["User", "Group", "Permission", "User_groups", "User_user_permissions", "Group_permissions"],
    "contenttypes": ["ContentType"],
    "sessions": ["Session"],
    "admin": ["LogEntry"],
}


def known_models(project: Project, label: str) -> list[str]:
    """Return the names of an app's models; none where not all of them are known."""
    if project.live is not None:
        known = project.running_models
        return known[label] if label in known else [one.label for one in project.live.models.values()]
    here = project.owners.by_label.get(label, [])
    if label in _STOCK and not here:
        return _STOCK[label]
    found = [one for one in here if project.is_model(one.path)]
    if not any(
        one.file.module.rpartition(".")[2] == "models" or ".models." in one.file.module for one in found
    ):
        return []
    if any(name.startswith("* ") for one in found for name in one.file.scope.names):
        return []  # more models may come from there
    fields = [f"{one.name}_{field}" for one in here for field in one.relations]
    return [*(one.name for one in here), *fields]  # also classes whose base nobody here knows


def models_called(project: Project, text: str) -> list[Class]:
    """Return the classes that ``"app.Model"`` may mean."""
    label, _, name = text.partition(".")
    return [
        one
        for one in project.by_name.get(name.lower(), ())
        if project.is_model(one.path) and label in project.owners.labels_of(one)
    ]
