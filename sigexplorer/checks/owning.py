"""To which app a model belongs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from sigexplorer.checks.facts import Class, File


class Owners:
    """The apps of the checked files, by what the source says of them."""

    def __init__(self, files: Sequence[File], classes: Mapping[str, Class]) -> None:
        self._classes = classes
        self._modules = {file.module for file in files}
        self._texts = {text for file in files for text in file.strings}

    @cached_property
    def _configured(self) -> dict[str, str]:
        """The labels of packages that a configuration names."""
        found: dict[str, str] = {}
        for config in self._classes.values():
            name, label = config.constants.get("name"), config.constants.get("label")
            if isinstance(name, str) and (isinstance(label, str) or name in self._packages):
                found.setdefault(name, label if isinstance(label, str) else name.rpartition(".")[2])
        return found

    @cached_property
    def _packages(self) -> set[str]:
        return {above for module in self._modules for above in _upwards(module)}

    def labels_of(self, found: Class) -> Iterable[str]:
        """Return the labels of the apps that a model may belong to.

        Django gives it to the nearest app whose package it stands in. Where nothing says whether
        a package is an app, those above it are asked as well.
        """
        if found.app_label:
            return (found.app_label,)
        package = found.file.module.split(".models")[0]
        nearest = package if package != found.file.module else found.file.package
        labels = [self._label(nearest)]
        for one in _upwards(nearest):
            if self._is_app(one) or (one != nearest and f"{one}.models" in self._modules):
                labels.append(self._label(one))
            if self._is_app(one):
                break
        return dict.fromkeys(labels)

    def _is_app(self, package: str) -> bool:
        """Whether a package surely is an app."""
        named = package in self._configured or ("." in package and package in self._texts)
        return named or f"{package}.apps" in self._modules

    def _label(self, package: str) -> str:
        return self._configured.get(package) or package.rpartition(".")[2] or "?"

    @cached_property
    def by_label(self) -> dict[str, list[Class]]:
        """Every class by the labels of the apps whose model it may be, if it is one."""
        found: dict[str, list[Class]] = defaultdict(list)
        for one in self._classes.values():
            for label in self.labels_of(one):
                found[label].append(one)
        return found


def _upwards(package: str) -> Iterator[str]:
    while package:
        yield package
        package = package.rpartition(".")[0]
