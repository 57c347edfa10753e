"""A project whose objects do harm when anybody looks at them: it is listed, explained and asked about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import specimens

if TYPE_CHECKING:
    import pytest

#: Everything that must never run raises this, which nobody catches.
HOSTILE = """
        from django.db.models.signals import post_save
        from django.dispatch import Signal, receiver
        from django.utils.functional import SimpleLazyObject, lazy
        from shop.models import Product


        class Harm(BaseException):
            pass


        def harm(*args, **kwargs):
            raise Harm("the project's code ran")


        class Touchy:
            armed = False

            def __getattribute__(self, name):
                if Touchy.armed:
                    harm()
                return object.__getattribute__(self, name)

            def __call__(self, **kwargs):
                harm()

            __str__ = __repr__ = __bool__ = __len__ = __iter__ = __contains__ = harm

            def __eq__(self, other):
                return harm() if Touchy.armed else self is other

            def __hash__(self):
                return harm() if Touchy.armed else 1


        class Meta(type):
            def __getattribute__(cls, name):
                if Touchy.armed:
                    harm()
                return type.__getattribute__(cls, name)

            __instancecheck__ = __subclasscheck__ = __repr__ = harm
            __eq__ = lambda self, other: self is other
            __hash__ = type.__hash__


        class Strange(metaclass=Meta):
            pass


        class Loud(Signal):
            def __repr__(self):
                return harm()

            __str__ = __repr__
            __bool__ = __len__ = harm
            __hash__ = Signal.__hash__


        lazy_signal = SimpleLazyObject(harm)
        lazy_text = lazy(harm, str)()
        touchy = Touchy()
        things = {"touchy": touchy, touchy: touchy, "loud": Loud(), "[red]\\x1b[31m": Signal()}
        loud = Loud()


        @property
        def odd(self):
            harm()


        @receiver(post_save, sender=Product)
        def on_save(sender, **kwargs):
            harm()


        post_save.connect(touchy, sender=Product, weak=False, dispatch_uid=("a", 1))
        loud.connect(on_save, sender=Strange)
        loud.connect(touchy, sender=touchy)
        things["loud"].connect(on_save)
        things["[red]\\x1b[31m"].connect(on_save, dispatch_uid="\\x1b]0;owned\\x07\\n: evil", weak=False)
        Touchy.armed = True
"""

_LOOK = """
import json, sys
from sigexplorer.cli.run import run
for arguments in json.load(sys.stdin):
    code = run(arguments)
    print("CODE", code)
"""


def test_nothing_of_a_hostile_project_runs(tmp_path: Path) -> None:
    """No method of its objects, no lazy object and no receiver of it runs; no escape reaches the terminal."""
    import subprocess
    import sys

    specimens.write(tmp_path, {"shop/receivers.py": HOSTILE})
    commands: list[Any] = [
        ["receivers", "-v"],
        ["receivers", "-f", "lines"],
        ["receivers", "-f", "json"],
        ["receivers", "-f", "markdown"],
        ["explain", "shop.Product"],
        ["lock", "-o", "-"],
        ["lock", "-o", "signals.lock"],
        ["lock", "--check", "-o", "signals.lock"],
        ["why", "on_save"],
        ["why", "Touchy"],
        ["list", "--settings", "site_settings"],
    ]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _LOOK],
        input=json.dumps(commands),
        cwd=tmp_path,
        env={"PYTHONPATH": str(specimens.ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    codes = [line for line in done.stdout.splitlines() if line.startswith("CODE")]
    assert codes == ["CODE 0"] * len(commands), done.stderr
    assert "\x1b" not in done.stdout
    assert "shop.receivers.things['loud']" in done.stdout
    assert "shop.receivers.Touchy" in done.stdout


def test_its_fixture_is_hostile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The hostile project does raise where its objects are looked at in the ordinary way."""
    code = HOSTILE.replace("Touchy.armed = True", "Touchy.armed = True\n        bool(touchy)")
    specimens.write(tmp_path, {"shop/receivers.py": code})
    answers = specimens.ask({"x": (str(tmp_path), "on_save", None)})
    assert "the project's code ran" in answers["x"]["error"]
    assert capsys.readouterr().out == ""
