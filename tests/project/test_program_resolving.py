"""What the words of a command mean."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from sigexplorer.errors import NotExecutableError, NotFoundError, NotPythonError, UsageError
from sigexplorer.project.program import Kind, Program, resolve
from sigexplorer.project.program.interpreter import lacking, parse, restart

BIN = Path(sys.executable).parent
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder whose ``bin`` comes first on the path."""
    (tmp_path / "bin").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "bin"), str(BIN), "/usr/bin", "/bin"]))
    return tmp_path


def executable(path: Path, text: str, mode: int = 0o755) -> Path:
    """Write a file that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("words", "options", "kind", "target", "arguments"),
    [
        ("x.py -a", "", Kind.SCRIPT, "x.py", "-a"),
        ("-m mod -c x", "", Kind.MODULE, "mod", "-c x"),
        ("-mmod -m", "", Kind.MODULE, "mod", "-m"),
        ("-c code -- a", "", Kind.CODE, "code", "-- a"),
        ("-ccode", "", Kind.CODE, "code", ""),
        ("-uBOO x.py", "-u -B -O -O", Kind.SCRIPT, "x.py", ""),
        ("-uBm mod", "-u -B", Kind.MODULE, "mod", ""),
        ("-W error -Wignore -X dev -Xutf8=1 x", "-Werror -Wignore -Xdev -Xutf8=1", Kind.SCRIPT, "x", ""),
        ("-BWd x", "-B -Wd", Kind.SCRIPT, "x", ""),
        ("-B -- -x.py", "-B", Kind.SCRIPT, "-x.py", ""),
        ("--check-hash-based-pycs never x", "--check-hash-based-pycs never", Kind.SCRIPT, "x", ""),
        ("-B", "-B", None, "", ""),
        ("", "", None, "", ""),
    ],
)
def test_pythons_own_options(
    words: str, options: str, kind: Kind | None, target: str, arguments: str
) -> None:
    """Options are taken apart as Python takes them; what follows the program is the program's."""
    line = parse(words.split())
    assert (line.kind, line.target) == (kind, target)
    assert (line.options, line.arguments) == (tuple(options.split()), tuple(arguments.split()))


@pytest.mark.parametrize(
    "words", ["-i x", "-V", "-h", "--version", "--help-all", "-S x", "-x x", "-", "-m", "-W"]
)
def test_options_that_run_no_program(words: str) -> None:
    """Options that cannot be traced are named, each with its reason."""
    with pytest.raises(UsageError) as caught:
        resolve(["python", *words.split()])
    assert caught.value.code == 2
    assert words.partition(" ")[0] in caught.value.message or "stdin" in caught.value.message


def test_options_that_are_there_already_are_not_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a program's options only those are lacking that this interpreter was started without."""
    monkeypatch.setattr(sys, "orig_argv", ["python", "-OB", "-Wd", "-m", "sigexplorer", "-u"])
    assert lacking(["-O", "-Wd"]) == ()
    assert lacking(["-O", "-O", "-u", "-B"]) == ("-O", "-u")
    monkeypatch.setattr(sys, "orig_argv", ["something that embeds Python", "--of-its-own"])
    assert lacking(["-B"]) == ("-B",)


def test_what_is_lacking_is_given_by_starting_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process starts itself again, with its own words and what the program needs besides."""
    started = []
    monkeypatch.setattr(os, "execve", lambda *how: started.append(how))
    monkeypatch.setattr(sys, "orig_argv", ["python", "-B", "-m", "sigexplorer", "trace"])
    restart(Program(Kind.CODE, "", (), ()))
    assert started == []
    restart(resolve(["env", "A=b", "python", "-B", "-O", "-c", "1"]))
    [(path, command, variables)] = started
    assert (path, command) == (sys.executable, [sys.executable, "-O", "-B", "-m", "sigexplorer", "trace"])
    assert variables == {**os.environ, "A": "b"}


def test_nothing_to_trace() -> None:
    """No command is an error of usage, and so is a Python that is given nothing."""
    for words in ([], [""], ["python"], ["python", "-B"], ["env"], ["env", "A=b"]):
        with pytest.raises(UsageError):
            resolve(words)
    with pytest.raises(UsageError, match="env's option '-i'"):
        resolve(["env", "-i", "python", "x.py"])


@pytest.mark.parametrize(
    "command", ["nothing-of-this-name", "./nothing", "/nowhere/x.py", "manage.py", "bin/no"]
)
def test_what_is_not_there(command: str) -> None:
    """A command that no shell would find has a shell's exit code."""
    with pytest.raises(NotFoundError, match=f"command not found: '{command}'") as caught:
        resolve([command])
    assert caught.value.code == 127


def test_what_cannot_be_run(here: Path) -> None:
    """A file without permission and a folder without a program have a shell's exit code."""
    executable(here / "script", "#!/usr/bin/env python\n", mode=0o644)
    (here / "folder").mkdir()
    for command in ("./script", "./folder", str(here)):
        with pytest.raises(NotExecutableError, match="cannot run") as caught:
            resolve([command])
        assert caught.value.code == 126


def test_a_python_file_needs_no_permission(here: Path) -> None:
    """A script that is named by its suffix is one for Python, executable or not, on the path or not."""
    executable(here / "manage.py", "", mode=0o644)
    for command in ("manage.py", "./manage.py", str(here / "manage.py")):
        program = resolve([command, "migrate", "--plan"])
        assert program.argv == [command, "migrate", "--plan"]
        assert program.command == (sys.executable, command, "migrate", "--plan")


@pytest.mark.parametrize(
    "text",
    [
        "#!/bin/sh\npython x\n",
        "",
        "echo\n",
        "#!\n",
        "#!/usr/bin/env\n",
        "#!/usr/bin/env -S 'x\n",
        "#!/bin/bash -e\n",
    ],
)
def test_what_is_not_python(here: Path, text: str) -> None:
    """A shell script, or anything else that is not Python, is told from it, with what could be done."""
    executable(here / "bin" / "tool", text)
    for command in ("tool", "bin/tool", "ls"):
        with pytest.raises(NotPythonError, match=f"'{command}' is not a Python program") as caught:
            resolve([command])
        assert caught.value.code == 2
        assert "--follow" in caught.value.hint


@pytest.mark.parametrize(
    ("first_lines", "options", "started"),
    [
        (f"#!{sys.executable}", "", sys.executable),
        (f"#! {sys.executable} -u", "-u", sys.executable),
        ("#!/usr/bin/env python", "", "python"),
        ("#!/usr/bin/env python3", "", "python3"),
        (f"#!/usr/bin/env python{OWN}", "", f"python{OWN}"),
        ("#!/usr/bin/env -S python -W error -B", "-Werror -B", "python"),
        (f"#!/bin/sh\n'''exec' {sys.executable} \"$0\" \"$@\"\n' '''", "", sys.executable),
        (f"#!/bin/sh\n'''exec' \"{sys.executable}\" \"$0\" \"$@\"\n' '''", "", sys.executable),
    ],
)
def test_console_scripts(
    here: Path, first_lines: str, options: str, started: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script found on the path is started as its first line says."""
    monkeypatch.setattr(sys, "orig_argv", [sys.executable, "-m", "sigexplorer"])
    path = executable(here / "bin" / "tool", f"{first_lines}\nprint(1)\n")
    program = resolve(["tool", "-k", "x"])
    assert program.argv == [str(path), "-k", "x"]
    assert program.options == tuple(options.split())
    assert (program.command[0], program.command[-3:]) == (started, (str(path), "-k", "x"))


def test_scripts_of_a_folder_that_can_be_moved(here: Path) -> None:
    """A script of uv's that looks for Python beside itself belongs to the environment it lies in."""
    moved = "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n"
    executable(here / "env" / "bin" / "tool", moved)
    executable(here / "env" / "pyvenv.cfg", "")
    with pytest.raises(UsageError, match="another Python environment"):
        resolve(["env/bin/tool"])


def test_an_environment_need_not_be_active(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands beside this Python are found although the path does not lead there."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    program = resolve(["pytest", "-k", "x"])
    assert program.argv == [str(BIN / "pytest"), "-k", "x"]
    assert resolve(["python", "x.py"]).argv == ["x.py"]


def test_a_command_whose_file_is_no_script(here: Path) -> None:
    """Where a shell script stands for an installed command, as pyenv's do, its entry point is run."""
    executable(here / "bin" / "pytest", "#!/bin/bash\nexec pyenv exec pytest\n")
    program = resolve(["pytest", "-k", "x"])
    assert (program.kind, program.arguments) == (Kind.CODE, ("-k", "x"))
    assert "sys.argv[0] = 'pytest'" in program.target
    with pytest.raises(NotPythonError):
        resolve(["bin/pytest"])


@pytest.fixture
def other(here: Path) -> Path:
    """Return an environment that is not this one."""
    environment = here / "other"
    executable(environment / "pyvenv.cfg", "home = /usr/bin\n")
    (environment / "bin").mkdir()
    (environment / "bin" / "python").symlink_to(os.path.realpath(sys.executable))
    executable(environment / "bin" / "tool", f"#!{environment}/bin/python\nprint(1)\n")
    return environment


def test_another_environment_is_named(here: Path, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python or a script of another environment is not run by this one's, but named."""
    shutil.copy(other / "bin" / "tool", here / "script.py")
    for command in ("other/bin/python x.py", "other/bin/tool", "./script.py"):
        with pytest.raises(UsageError, match=r"belongs to another Python environment: .*other/bin/python"):
            resolve(command.split())
    monkeypatch.setenv("PATH", f"{other / 'bin'}:/usr/bin:/bin")
    for command in ("python x.py", "tool"):
        with pytest.raises(UsageError, match="belongs to another Python environment"):
            resolve(command.split())
    assert resolve(["script.py"]).argv == ["script.py"]


def test_a_python_file_may_name_the_python_of_the_system(here: Path) -> None:
    """A script for whatever Python there is runs in this one; a command of the system's Python does not."""
    system = executable(here / "system" / "python3", "")
    executable(here / "manage.py", f"#!{system}\n")
    executable(here / "tool", f"#!{system}\n")
    assert resolve(["./manage.py", "check"]).argv == ["./manage.py", "check"]
    with pytest.raises(UsageError, match="belongs to another Python environment"):
        resolve(["./tool"])


def test_another_version_is_named(here: Path) -> None:
    """A version that this Python does not have is asked for in vain."""
    executable(here / "tool", "#!/usr/bin/env python2\n")
    for command in ("python2.7 x.py", "python4 x.py", "./tool"):
        with pytest.raises(UsageError, match=f"is not the Python {OWN} that sigexplorer runs in"):
            resolve(command.split())
    assert resolve([f"python{OWN}", "x.py"]).argv == ["x.py"]


def test_a_python_that_is_not_there() -> None:
    """A path that names no Python is not found."""
    with pytest.raises(NotFoundError):
        resolve(["nowhere/bin/python", "x.py"])


def test_a_folder_that_is_a_program(here: Path) -> None:
    """A folder with a __main__ is run by its name, where no command has it."""
    executable(here / "tool" / "__main__.py", "")
    for command in ("tool", "./tool", "tool/"):
        assert resolve([command, "a"]).argv == [command, "a"]


def test_the_environment_of_env_is_part_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """What env sets and is not set yet, the process must be started with."""
    monkeypatch.setenv("SET", "already")
    program = resolve(["env", "SET=already", "NEW=a=b", "python", "x.py", "C=d"])
    assert program.variables == (("NEW", "a=b"),)
    assert program.argv == ["x.py", "C=d"]
