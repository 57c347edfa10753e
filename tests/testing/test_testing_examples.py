"""What the documentation shows works as it stands there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sigexplorer import testing

if TYPE_CHECKING:
    from django.contrib.auth.models import User

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")


def examples() -> list[str]:
    """Return the Python of the README's section on tests as one program, and that of the module."""
    section = README.partition("## In tests\n")[2].partition("\n### pytest\n")[0]
    shown = "\n".join(re.findall(r"```python\n(.+?)```", section, re.DOTALL))
    indented = re.findall(r"::\n\n((?:    .+\n|\n)+)", testing.__doc__ or "")
    told = "\n".join(textwrap.dedent(block) for block in indented)
    return [text for text in (shown, told) if "sigexplorer.trace" in text and "pytest" not in text]


@pytest.mark.parametrize("text", examples(), ids=lambda text: text.split("\n", 1)[0])
def test_an_example_runs(text: str, ada: User, capsys: pytest.CaptureFixture[str]) -> None:
    """From its first line to its last, on the bundled project."""
    from blog.models import Post

    exec(compile(text, "example", "exec"), {"author": ada, "Post": Post})  # noqa: S102 - our own text
    assert Post.objects.count() >= 4
    assert "Traceback" not in capsys.readouterr().out
