"""Django's test machinery, used for the two signals that only it sends.

Importing ``django.test`` connects Django's own receivers to ``setting_changed``, so it is
imported by the scenarios that need it, and not before.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sigexplorer.playground.steps import Steps


def use_test_machinery(step: Steps) -> None:
    """Import ``django.test``, and listen to its signal if we listen at all.

    Historical models of migrations that ran before listen to ``setting_changed`` too,
    until they are collected.
    """
    gc.collect()
    import_module("django.test")
    step.playground.listen_again()


@contextmanager
def collecting_templates() -> Iterator[None]:
    """Render as ``setup_test_environment()`` does, and change nothing else of it."""
    from django.template import base
    from django.test.utils import instrumented_test_render  # type: ignore[attr-defined]

    # Partials are there from Django 6.0 on.
    kinds: list[Any] = [
        getattr(base, name) for name in ("Template", "PartialTemplate") if hasattr(base, name)
    ]
    rendered = [kind._render for kind in kinds]
    for kind in kinds:
        kind._render = instrumented_test_render
    try:
        yield
    finally:
        for kind, method in zip(kinds, rendered, strict=True):
            kind._render = method
