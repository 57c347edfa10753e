"""Files that are no good are named, and the others are checked."""

from __future__ import annotations

import ast
import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from specimen_files import write_files

from sigexplorer.checks import checking, configuration, files
from sigexplorer.checks.configuration import Configuration
from sigexplorer.errors import UsageError

ROOT = Path(__file__).parents[2]

WRONG = """
from django.db.models.signals import post_save

def index(sender, instance):
    print(instance)

post_save.connect(index)
"""


def read(folder: Path) -> checking.Read:
    """Read a folder with one good file."""
    (folder / "good.py").write_text(WRONG)
    return checking.read([folder])


def codes(source: checking.Read) -> list[str]:
    """Return the codes of what is found."""
    return [finding.code for finding in checking.check(source, Configuration()).findings]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"def broken(:\n", "syntax error: invalid syntax (line 1)"),
        (b"x = 1\x00\n", "cannot be parsed: it has NUL bytes"),
        (b"x = '\xff'\n", "syntax error: "),
        (b"# coding: no-such-thing\nx = 1\n", "syntax error: unknown encoding: no-such-thing"),
        (b"# coding: ascii\nx = '\xc3\xa9'\n", "is no ascii text: byte "),
        (b"x = 1\n" * 1_700_000, "cannot be parsed: it is too large, 10.2 MB; the limit is 2"),
        (b"(" * 5_000 + b")" * 5_000, ""),
        (b"-" * 200_000 + b"1", "cannot be parsed: it is nested too deeply"),
    ],
    ids=["syntax", "nul", "not-utf-8", "unknown-encoding", "not-ascii", "10-mb", "brackets", "deep"],
)
def test_a_file_that_is_no_source(tmp_path: Path, content: bytes, reason: str) -> None:
    """It is named with its reason in one line, and the rest is checked."""
    (tmp_path / "bad.py").write_bytes(content)
    source = read(tmp_path)
    assert [Path(one.file).name for one in source.unread] == ["bad.py"]
    assert source.unread[0].reason.startswith(reason)
    assert "\n" not in source.unread[0].reason
    assert codes(source) == ["SX003"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + WRONG.encode(),
        b"# -*- coding: latin-1 -*-\n# \xe9\n" + WRONG.encode(),
        b"# coding: cp1252\n" + WRONG.encode("cp1252"),
        WRONG.replace("\n", "\r\n").encode(),
        WRONG.replace("\n", "\r").encode(),
        WRONG.replace("index", "índice").encode(),
    ],
    ids=["bom", "latin-1", "cp1252", "crlf", "cr", "names"],
)
def test_a_file_as_editors_write_them(tmp_path: Path, content: bytes) -> None:
    """A BOM, another encoding that is declared and other ends of lines are read as Python reads them."""
    (tmp_path / "a.py").write_bytes(content)
    source = checking.read([tmp_path])
    assert codes(source) == ["SX003"]
    finding = checking.check(source, Configuration()).findings[0]
    assert finding.source.startswith("def ")
    assert finding.source[finding.column - 1 : finding.end_column - 1] == finding.source.partition("(")[0]


def test_links_in_a_circle(tmp_path: Path) -> None:
    """A link to a folder above is named and not entered, so is a link to itself; a file is read once."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.py").symlink_to(tmp_path / "self.py")
    (tmp_path / "again.py").symlink_to(tmp_path / "good.py")
    source = read(tmp_path)
    assert codes(source) == ["SX003"]
    assert [(Path(one.file).name, one.reason) for one in source.unread] == [
        ("up", "cannot be parsed: it is a link to a folder above itself"),
        ("self.py", f"cannot be read: {os.strerror(errno.ELOOP)}"),
    ]


def test_a_file_that_is_gone_or_no_file(tmp_path: Path) -> None:
    """A broken link and a pipe called .py are named and not waited for."""
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.py")
    source = read(tmp_path)
    assert [Path(one.file).name for one in source.unread] == ["gone.py", "pipe.py"]
    assert codes(source) == ["SX003"]


def test_what_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that nobody may enter, and a named file in it, are a line each; the rest is checked."""
    (tmp_path / "shut").mkdir()
    scan, look, ask = os.scandir, os.lstat, os.stat

    def scandir(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return scan(path)

    def lstat(path: str | Path, **named: int) -> os.stat_result:
        if "shut/" in str(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return look(path, **named)

    def stat(path: str | Path, **named: Any) -> os.stat_result:
        if "shut/" in str(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return ask(path, **named)

    monkeypatch.setattr(os, "scandir", scandir)
    (tmp_path / "good.py").write_text(WRONG)
    denied = f"cannot be read: {os.strerror(errno.EACCES)}"
    assert [one.reason for one in checking.read([tmp_path]).unread] == [denied]
    monkeypatch.setattr(os, "lstat", lstat)
    monkeypatch.setattr(os, "stat", stat)
    assert configuration.read(tmp_path / "shut" / "a.py", ()) == configuration.read(tmp_path / "shut", ())
    source = checking.read([tmp_path / "good.py", tmp_path / "shut" / "a.py"])
    assert [Path(one.file).name for one in source.unread] == ["a.py"]
    assert codes(source) == ["SX003"]


def test_a_folder_called_like_a_file(tmp_path: Path) -> None:
    """A folder whose name ends in .py is a folder."""
    (tmp_path / "odd.py").mkdir()
    (tmp_path / "odd.py" / "inside.py").write_text(WRONG)
    assert codes(checking.read([tmp_path])) == ["SX003"]


def test_nothing_could_be_checked(tmp_path: Path) -> None:
    """Where not one file is source the question was wrong, and the first reason is said."""
    with pytest.raises(UsageError, match="there is no Python file"):
        checking.read([tmp_path])
    (tmp_path / "bad.py").write_text("(")
    with pytest.raises(UsageError, match=r"bad\.py: syntax error"):
        checking.read([tmp_path])
    with pytest.raises(UsageError, match="no such file or folder"):
        checking.read([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    "deep",
    [
        f"x = {' + '.join(['1'] * 900)}\n",
        f"x = a{'.b' * 900}\npost_save.connect(x, sender=a{'.b' * 900})\n",
        f"post_save{'.connect(index)' * 80}\n",
        "".join(f"{' ' * level}if x:\n" for level in range(90)) + " " * 90 + "pass\n",
        f"@receiver(post_save)\ndef deep(sender, **kwargs):\n    return {' + '.join(['sender'] * 900)}\n",
        "if x: pass\n" + "elif y: pass\n" * 400,
    ],
    ids=["sum", "attributes", "calls", "ifs", "receiver", "elifs"],
)
def test_deep_code(tmp_path: Path, deep: str) -> None:
    """Code that is nested deeper than anybody writes does not stop the check."""
    head = "from django.db.models.signals import post_save\nfrom django.dispatch import receiver\n"
    (tmp_path / "deep.py").write_text(head + deep)
    assert "SX003" in codes(read(tmp_path))


def test_other_peoples_code_is_left_out(tmp_path: Path) -> None:
    """Virtual environments, hidden folders and build results are not looked into."""
    for name in (".tox", "node_modules", "env/lib"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "bad.py").write_text("(")
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert read(tmp_path).unread == ()


def test_source_is_never_executed(tmp_path: Path) -> None:
    """Checking a file whose import would be noticed does not import it, nor Django."""
    (tmp_path / "noisy.py").write_text(f"raise SystemExit('executed')\n{WRONG}")
    program = (
        "import sys; from sigexplorer.cli.run import run; code = run(['check', sys.argv[1], '-f', 'lines']);"
        "assert 'django' not in sys.modules, 'Django was imported'; assert 'noisy' not in sys.modules;"
        "sys.exit(code)"
    )
    environment = {key: text for key, text in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "SX003" in done.stdout


def test_a_file_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rules there are, each file is parsed once."""
    write_files(tmp_path, WRONG)
    parsed: list[str] = []
    original = ast.parse

    def counting(text: str, *more: object) -> ast.AST:
        parsed.append(text)
        return original(text, *more)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(files.ast, "parse", counting)
    assert codes(checking.read([tmp_path])) == ["SX003"]
    assert len(parsed) == 2  # the file and its __init__.py


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("blog/receivers.py", "blog.receivers"),
        ("blog/__init__.py", "blog"),
        ("blog/deep/er/models.py", "blog.deep.er.models"),
        ("alone.py", "alone"),
    ],
)
def test_how_a_file_is_imported(tmp_path: Path, file: str, module: str) -> None:
    """A file's dotted name follows the packages it lies in."""
    write_files(tmp_path, f"# file: {file}\nx = 1")
    (tmp_path / "__init__.py").unlink(missing_ok=True)
    for folder in (tmp_path / "blog", tmp_path / "blog" / "deep"):
        if folder.is_dir():
            (folder / "__init__.py").touch()
    found = {source.module for source in checking.read([tmp_path]).files}
    assert module in found
