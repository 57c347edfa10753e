"""Write the files that a specimen is made of."""

from __future__ import annotations

import re
from pathlib import Path


def write_files(folder: Path, text: str, unnamed: str = "blog/receivers.py") -> None:
    """Write the files that ``text`` is made of: each begins with a line ``# file: path``."""
    parts: dict[str, list[str]] = {}
    name = unnamed
    for line in text.split("\n"):
        found = re.fullmatch(r"# file: (\S+)", line)
        if found:
            name = found[1]
        if found or line.strip() or name in parts:
            parts.setdefault(name, [])
        if not found and name in parts:
            parts[name].append(line)
    for path, lines in parts.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.write_text("\n".join(lines), encoding="utf-8")
