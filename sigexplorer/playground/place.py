"""Where the bundled project lies."""

from __future__ import annotations

from pathlib import Path

import sigexplorer


def demo_folder() -> Path:
    """Return the folder of the bundled project: inside our package, or beside it in a checkout."""
    package = Path(sigexplorer.__file__).resolve().parent
    bundled = package / "demo_project"
    return bundled if bundled.is_dir() else package.parent / "demo_project"
