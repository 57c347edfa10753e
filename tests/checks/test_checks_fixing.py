"""--fix changes what is certain and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.checks import checking, fixing
from sigexplorer.checks.configuration import Configuration
from sigexplorer.checks.rules import every_rule
from sigexplorer.errors import UsageError

HEAD = (
    "from django.db import transaction\nfrom django.db.models.signals import post_save\n"
    "from django.dispatch import Signal, receiver\nfrom functools import partial\n"
)
OWN = (
    "from functools import wraps\ndef loud(f):\n    @wraps(f)\n    def around(*args, **kwargs):\n"
    "        return f(*args, **kwargs)\n    return around\n"
)


def fixed(folder: Path, content: bytes, name: str = "blog.py") -> bytes:
    """Write a file, fix it and return what it is then."""
    file = folder / name
    file.write_bytes(content)
    found = checking.check(checking.read([folder]), Configuration()).findings
    return fixing.fix(found).get(file, content)


@pytest.fixture(autouse=True)
def _libcst() -> None:
    pytest.importorskip("libcst", reason="--fix needs libcst, which is not installed here")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def index(sender, instance):", "def index(sender, instance, **kwargs):"),
        ("def index(sender, *, instance):", "def index(sender, *, instance, **kwargs):"),
        (
            "def index(sender: type, x: int) -> None:",
            "def index(sender: type, x: int, **kwargs: object) -> None:",
        ),
        (
            "def index( sender ,instance = 1 ) :  # why",
            "def index( sender ,instance = 1, **kwargs ) :  # why",
        ),
        ("def index():", "def index(**kwargs):"),
        ("def index(*args):", "def index(*args, **kwargs):"),
        ("def index(sender, *args):", "def index(sender, *args, **kwargs):"),
        ("def index(sender, *args,):", "def index(sender, *args, **kwargs,):"),
        ("def index(sender, instance,):", "def index(sender, instance, **kwargs,):"),
        (
            "def index(\n    sender,\n    instance,  # the row\n):",
            "def index(\n    sender,\n    instance,  # the row\n    **kwargs,\n):",
        ),
        ("async def index(sender):", "async def index(sender, **kwargs):"),
        ("def index(sender, kwargs):", "def index(sender, kwargs):"),
    ],
)
def test_kwargs(tmp_path: Path, before: str, after: str) -> None:
    """**kwargs is added at the end, annotated where the rest is, and the layout stays."""
    text = f"{HEAD}\n@receiver(post_save)\n{before}\n    print( 'x' )   # odd   spaces\n"
    result = fixed(tmp_path, text.encode()).decode()
    assert result == text.replace(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("paid = Signal(providing_args=['a'])  # sent", "paid = Signal()  # sent"),
        ("paid = Signal(use_caching=True, providing_args=['a'])", "paid = Signal(use_caching=True)"),
        ("paid = Signal(providing_args=['a'], use_caching=True)", "paid = Signal(use_caching=True)"),
        ("paid = Signal(['a'])", "paid = Signal(['a'])"),
        (
            "post_save.connect(partial(print, 1))",
            "post_save.connect(partial(print, 1), weak=False)",
        ),
        (
            "post_save.connect(lambda **kwargs: 1, weak=True)",
            "post_save.connect(lambda **kwargs: 1, weak=False)",
        ),
        (
            "post_save.connect(\n    lambda **kwargs: 1,\n)",
            "post_save.connect(\n    lambda **kwargs: 1, weak=False,\n)",
        ),
        (
            "@transaction.atomic\n@receiver(post_save)\ndef index(sender, **kwargs):\n    pass",
            "@receiver(post_save)\n@transaction.atomic\ndef index(sender, **kwargs):\n    pass",
        ),
        ("post_save.connect(partial(print), None, True)", "post_save.connect(partial(print), None, True)"),
        (
            "@unknown\n@receiver(post_save)\ndef index(sender, **kwargs):\n    pass",
            "@unknown\n@receiver(post_save)\ndef index(sender, **kwargs):\n    pass",
        ),
        (
            f"{OWN}@loud\n@receiver(post_save)\ndef index(sender, **kwargs):\n    pass",
            f"{OWN}@receiver(post_save)\n@loud\ndef index(sender, **kwargs):\n    pass",
        ),
        (
            "def note(f):\n    return f\n@note\n@receiver(post_save)\ndef index(sender, **kwargs):\n    pass",
            "def note(f):\n    return f\n@note\n@receiver(post_save)\ndef index(sender, **kwargs):\n    pass",
        ),
        (
            "def view(request):\n    post_save.connect(lambda **kwargs: 1)",
            "def view(request):\n    post_save.connect(lambda **kwargs: 1)",
        ),
    ],
)
def test_what_is_certain(tmp_path: Path, before: str, after: str) -> None:
    """A call or a decorator is put right where that is certain, and left where it is not."""
    assert fixed(tmp_path, f"{HEAD}\n{before}\n".encode()).decode() == f"{HEAD}\n{after}\n"


def test_the_line_without_effect_goes(tmp_path: Path) -> None:
    """default_app_config is deleted, and what stands around it stays."""
    before = b'"""The blog."""\n\n__version__ = "1"\ndefault_app_config = "blog.apps.BlogConfig"\nx = 1\n'
    after = b'"""The blog."""\n\n__version__ = "1"\nx = 1\n'
    assert fixed(tmp_path, before, "__init__.py") == after


@pytest.mark.parametrize(
    "prefix", [b"\xef\xbb\xbf", b"# coding: latin-1\n# \xe9\n", b""], ids=["bom", "latin-1", "plain"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_bytes_stay(tmp_path: Path, prefix: bytes, end: str) -> None:
    """A BOM, an encoding and ends of lines are what they were."""
    text = f"{HEAD}\n@receiver(post_save)\ndef index(sender):\n    pass\n"
    before = prefix + text.replace("\n", end).encode()
    assert fixed(tmp_path, before) == before.replace(b"(sender)", b"(sender, **kwargs)")


@pytest.mark.parametrize("code", [rule.code for rule in every_rule() if rule.fixable])
def test_a_fix_holds(tmp_path: Path, code: str) -> None:
    """Once fixed a mistake is not found again, and a second --fix changes nothing."""
    page = checking.page(code)
    name = "__init__.py" if code == "SX002" else "blog.py"
    wrong = page.wrong.split("\n# file:")[0].encode()
    once = fixed(tmp_path, wrong, name)
    assert once != wrong
    assert fixed(tmp_path, once, name) == once
    found = checking.check(checking.read([tmp_path]), Configuration()).findings
    assert code not in {one.code for one in found}


@given(
    names=st.lists(
        st.sampled_from(["sender", "instance", "created", "using", "raw"]), unique=True, max_size=5
    ),
    star=st.sampled_from(["", "*", "*args"]),
    space=st.sampled_from(["", " ", "\n    ", "  # why\n    "]),
    trailing=st.booleans(),
)
def test_any_signature_is_fixed_once(
    tmp_path_factory: pytest.TempPathFactory, *, names: list[str], star: str, space: str, trailing: bool
) -> None:
    """Whatever its layout, a signature is Python afterwards and needs no second fix."""
    parts = [*names[:2], *([star] if star and (star != "*" or names[2:]) else []), *names[2:]]
    inside = "," + space
    end = inside if trailing and parts else ""
    text = f"{HEAD}\n@receiver(post_save)\ndef index({inside.join(parts)}{end}):\n    pass\n"
    folder = tmp_path_factory.mktemp("any")
    once = fixed(folder, text.encode())
    assert b"**kwargs" in once
    assert fixed(folder, once) == once


def test_without_libcst(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where libcst is missing, the extra is asked for by name."""
    monkeypatch.setitem(sys.modules, "libcst", None)
    monkeypatch.delitem(sys.modules, "sigexplorer.checks.transforming", raising=False)
    monkeypatch.delattr("sigexplorer.checks.transforming", raising=False)
    with pytest.raises(UsageError) as caught:
        fixing.fix([])
    assert "sigexplorer[fix]" in caught.value.hint
