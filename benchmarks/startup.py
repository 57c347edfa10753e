"""How long commands take to answer, as processes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.measuring import ROOT, Row, Setting, processes

_DJANGO = ("-c", "import django")
_DEMO = ROOT / "demo_project"
_OURS = ("-m", "sigexplorer")


def rows(setting: Setting) -> Iterator[Row]:
    """Measure the commands that answer at once, those that start a project, and what trace adds."""
    group = "start-up, to python -c 'import django'"
    yield Row(group, "list", 4.5, processes(setting, _DJANGO, [*_OURS, "list"]))
    yield Row(group, "docs post_save", 4.5, processes(setting, _DJANGO, [*_OURS, "docs", "post_save"]))
    yield Row(group, "completion of a signal's name", 2.5, _completion(setting))
    yield Row(group, "--version", None, processes(setting, _DJANGO, [*_OURS, "--version"]))
    yield Row(group, "--help", None, processes(setting, _DJANGO, [*_OURS, "--help"]))
    group = "start-up, to django.setup() and migrate of the demo"
    for command, goal in (("trigger post_save", 0.8), ("scenario login-flow", 0.9)):
        words = [*_OURS, *command.split()]
        yield Row(group, command, goal, processes(setting, ["-m", "set_up", "migrate"], words))
    group = "trace, to the same command untraced"
    for command, goal in (("check", 1.15), ("test", 1.05)):
        plain = ["manage.py", command]
        traced = [*_OURS, "trace", "--no-keep", "--", *plain]
        yield Row(group, f"manage.py {command}", goal, processes(setting, plain, traced, folder=_DEMO))


def peers(setting: Setting) -> Iterator[Row]:
    """Measure ``receivers`` against what django-extensions has for it."""
    plain = ["manage.py", "list_signals", "--settings", "with_extensions"]
    ours = [*_OURS, "receivers", "--settings", "with_extensions"]
    ratios = processes(setting, plain, ours, python=setting.peers_python(), folder=_DEMO)
    yield Row("start-up, to manage.py list_signals of django-extensions", "receivers", 1.0, ratios)


def _completion(setting: Setting) -> tuple[float, ...]:
    asked = {
        "_SIGEXPLORER_COMPLETE": "complete_bash",
        "COMP_WORDS": "sigexplorer docs post_s",
        "COMP_CWORD": "2",
    }
    return processes(replace(setting, more={**setting.more, **asked}), _DJANGO, _OURS)
