"""``"app.Model"``: which models a text may mean."""

from __future__ import annotations

from sigexplorer.checks.facts import Class
from sigexplorer.checks.project import Project, short

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
        own = [one.label for one in project.live.models.values()]
        apps = {one.partition(".")[0] for one in own} | project.live.apps
        return (
            [one.partition(".")[2] for one in own if one.partition(".")[0] == label] if label in apps else own
        )
    if label in _STOCK and label not in {label_of(project, one) for one in project.classes.values()}:
        return _STOCK[label]
    here = [one for one in project.classes.values() if label_of(project, one) == label]
    found = [one for one in here if project.is_model(one.path)]
    if not any(
        one.file.module.rpartition(".")[2] == "models" or ".models." in one.file.module for one in found
    ):
        return []
    if any(name.startswith("* ") for one in found for name in one.file.scope.names):
        return []  # more models may come from there
    fields = [f"{one.name}_{field}" for one in here for field in one.relations]
    return [*(one.name for one in here), *fields]  # also classes whose base nobody here knows


def label_of(project: Project, found: Class) -> str:
    """Return the label of the app that a model belongs to."""
    if found.app_label:
        return found.app_label
    package = found.file.module.split(".models")[0]
    for config in project.classes.values():
        if config.constants.get("name") == package and isinstance(config.constants.get("label"), str):
            return str(config.constants["label"])
    return short(package) if package != found.file.module else short(found.file.package)


def models_called(project: Project, text: str) -> list[Class]:
    """Return the classes that ``"app.Model"`` may mean."""
    label, _, name = text.partition(".")
    return [
        one
        for one in project.by_name.get(name.lower(), ())
        if project.is_model(one.path) and label_of(project, one) == label
    ]
