"""Make out what a command means: the words that somebody would type, into a Python program."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace

from sigexplorer.errors import NotExecutableError, NotFoundError, NotPythonError, UsageError
from sigexplorer.project.program import interpreter, shebang
from sigexplorer.project.program.what import Kind, Program

_SUFFIXES = (".py", ".pyw", ".pyc", ".pyz")


def resolve(command: Sequence[str]) -> Program:
    """Return the program that ``command`` runs.

    Raises ``UsageError`` where there is none or it cannot be traced, ``NotFoundError`` and
    ``NotExecutableError`` where a shell would find nothing to run, ``NotPythonError`` where
    it is something else.
    """
    if not command or not command[0]:
        raise UsageError("no command to trace", "sigexplorer trace -- manage.py migrate")
    word, *arguments = command
    if word.startswith("-"):
        program = _python([sys.executable], command)
    elif interpreter.names_python(word):
        program = _named_python(word, arguments)
    elif word == "env":
        return _env(arguments)
    else:
        program = _file(word, arguments)
    return replace(program, options=interpreter.lacking(program.options))


def _python(start: list[str], words: Sequence[str]) -> Program:
    line = interpreter.parse(words)
    if line.kind is None:
        raise UsageError("python was given no program to run", "name a script, -m module or -c code")
    return Program(line.kind, line.target, line.arguments, (*start, *words), line.options)


def _named_python(word: str, words: Sequence[str]) -> Program:
    """Run what follows ``python``: a bare one is this one, unless another environment is active."""
    interpreter.check_version(word)
    path = word if os.path.dirname(word) else shutil.which(word)
    if path is None:
        return _python([word], words)
    _check_executable(word, path)
    environment = interpreter.environment_of(path)
    bare_and_of_the_system = not os.path.dirname(word) and not environment[1]
    if environment != interpreter.own_environment() and not bare_and_of_the_system:
        raise interpreter.foreign(word, path)
    return _python([word], words)


def _env(words: Sequence[str]) -> Program:
    """Run what follows ``env NAME=VALUE``: what is not set yet, this process must be started with."""
    rest = list(words)
    variables: dict[str, str] = {}
    while rest and "=" in rest[0] and not rest[0].startswith("-"):
        name, _, value = rest.pop(0).partition("=")
        variables[name] = value
    if rest and rest[0].startswith("-"):
        raise UsageError(
            f"env's option '{rest[0]}' cannot be traced", "set the environment before sigexplorer"
        )
    lacking = tuple((name, value) for name, value in variables.items() if os.environ.get(name) != value)
    return replace(resolve(rest), variables=lacking)


def _file(word: str, arguments: Sequence[str]) -> Program:
    if os.path.dirname(word):
        return _at(word, word, arguments)
    if word.endswith(_SUFFIXES) and os.path.exists(word):
        return _script(word, arguments)
    path = shutil.which(word) or _beside_python(word)
    if path is not None:
        return _at(word, path, arguments)
    if os.path.isfile(os.path.join(word, "__main__.py")):
        return _script(word, arguments)
    program = _entry_point(word, arguments)
    if program is None:
        raise NotFoundError(word)
    return program


def _at(word: str, path: str, arguments: Sequence[str]) -> Program:
    """Return the program in the file ``path``, which was asked for as ``word``."""
    if os.path.isfile(os.path.join(path, "__main__.py")):
        return _script(path, arguments)
    is_python = path.endswith(_SUFFIXES) and os.path.isfile(path)
    if not is_python:
        _check_executable(word, path)
    start = shebang.read(path)
    if start is None or not interpreter.names_python(start[0]):
        program = _script(path, arguments) if is_python and start is None else _entry_point(word, arguments)
        if program is None:
            raise NotPythonError(word)
        return program
    environment = interpreter.environment_of(start[0])
    if not os.path.dirname(start[0]):
        interpreter.check_version(start[0])
    elif environment != interpreter.own_environment() and (environment[1] or not is_python):
        raise interpreter.foreign(word, start[0])
    return _python(start[:1], [*start[1:], path, *arguments])


def _script(path: str, arguments: Sequence[str]) -> Program:
    words = (path, *arguments)
    return Program(Kind.SCRIPT, path, tuple(arguments), (sys.executable, *words))


def _check_executable(word: str, path: str) -> None:
    if not os.path.exists(path):
        raise NotFoundError(word)
    if os.path.isdir(path):
        raise NotExecutableError(word, "it is a folder without a __main__.py")
    if not os.access(path, os.X_OK):
        raise NotExecutableError(word, "no permission")
    if not os.access(path, os.R_OK):
        raise NotExecutableError(word, "no permission to read it")


def _beside_python(word: str) -> str | None:
    """Find a command of this environment, which may be used without being active."""
    return shutil.which(word, path=os.path.dirname(sys.executable))


def _entry_point(word: str, arguments: Sequence[str]) -> Program | None:
    """Return the console script of an installed package whose file Python cannot run.

    pyenv puts a shell script in its place, Windows a program. A path names a file, and no other.
    """
    if os.path.dirname(word):
        return None
    from importlib.metadata import entry_points

    name = os.path.basename(word).removesuffix(".exe")
    for point in entry_points(group="console_scripts", name=name):
        first = point.attr.partition(".")[0]
        code = (
            f"import sys\nfrom {point.module} import {first}\n"
            f"sys.argv[0] = {word!r}\nsys.exit({point.attr}())\n"
        )
        return Program(Kind.CODE, code, tuple(arguments), (sys.executable, "-c", code, *arguments))
    return None
