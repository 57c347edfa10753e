"""Run a program in this process as ``python`` itself would: its words, its paths, its ``__main__``."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Callable
from importlib.machinery import BuiltinImporter, SourceFileLoader, SourcelessFileLoader
from types import CodeType, ModuleType
from typing import Any

from sigexplorer.project.program.ending import end
from sigexplorer.project.program.what import Kind, Program


def run(program: Program) -> int:
    """Run ``program`` to its end and return its exit code: 0, or 1 after an error of its own.

    What ends the process otherwise is raised, so that Python ends it the way it does: the
    program's own ``SystemExit``, unchanged, or ``KeyboardInterrupt`` where Ctrl-C was not
    caught, already shown. Let both pass. Threads are waited for and ``atexit`` functions
    called when the process ends, not here: a function registered with ``atexit`` before the
    program ran is called after all of the program's own.
    """
    main = _surroundings(program)
    code = end(_call(program, main))
    if program.kind is Kind.SCRIPT and main.__spec__ is None:
        for name in ("__file__", "__cached__"):  # as Python does when a script has ended
            vars(main).pop(name, None)
    return code


def _surroundings(program: Program) -> ModuleType:
    """Make what the program sees its own, and return its new, empty ``__main__``."""
    sys.argv = program.argv
    sys.orig_argv = list(program.command)
    if not sys.flags.safe_path:
        del sys.path[:1]  # where sigexplorer itself was started from
        sys.path[:0] = first_path(program)
    main = ModuleType("__main__")
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    vars(main)["__builtins__"] = builtins
    main.__loader__ = BuiltinImporter  # what Python says before it knows better
    sys.modules["__main__"] = main
    return main


def first_path(program: Program) -> list[str]:
    """Return what Python puts first on ``sys.path``; nothing where the folder is gone."""
    if program.kind is Kind.CODE:
        return [""]
    try:
        if program.kind is Kind.SCRIPT:
            return [os.path.dirname(os.path.realpath(program.target))]
        return [os.getcwd()]
    except FileNotFoundError:
        return []


def _call(program: Program, main: ModuleType) -> BaseException | None:
    """Run the program and return what ended it, if anything, as it was before it came to us."""
    try:
        _RUNNERS[program.kind](program, main)
    except BaseException as problem:  # noqa: BLE001 - everything that can end a program
        return problem.with_traceback(_without_us(problem))
    return None


def _without_us(problem: BaseException) -> Any:
    traceback = problem.__traceback__
    while traceback is not None and traceback.tb_frame.f_globals is globals():
        traceback = traceback.tb_next
    return traceback


def _run_code(program: Program, main: ModuleType) -> None:
    if sys.version_info >= (3, 14):
        import textwrap

        source = textwrap.dedent(program.target)
    else:
        source = program.target
    _show_source(source, None)
    code = compile(source, "<string>", "exec", dont_inherit=True)
    _show_source(source, code)
    _execute(code, main)


def _show_source(source: str, code: CodeType | None) -> None:
    """Let tracebacks show lines of ``-c`` code, as Python does from 3.13."""
    if sys.version_info < (3, 13):
        return
    import linecache

    register: Any = getattr(linecache, "_register_code", None)
    by_code = hasattr(linecache, "_interactive_cache")  # from 3.13.1
    if register is not None and by_code == (code is not None):
        register(code if by_code else "<string>", source, "<string>")


def _run_module(program: Program, _main: ModuleType) -> None:
    _as_main(program.target, alter_argv=True)


def _as_main(name: str, *, alter_argv: bool) -> None:
    """Run a module as ``python -m`` does: by the same function, whose lines stand in its tracebacks."""
    import runpy

    _give_room(0)
    runpy._run_module_as_main(name, alter_argv)  # type: ignore[attr-defined]


def _run_script(program: Program, main: ModuleType) -> None:
    path = _absolute(program.target)
    if _importable(path):
        if not sys.flags.safe_path:
            del sys.path[:1]
        sys.path.insert(0, path)
        _as_main("__main__", alter_argv=False)
        return
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as problem:
        _cannot_open(program, path, problem)
    compiled = path.endswith(".pyc")
    loader = SourcelessFileLoader if compiled else SourceFileLoader
    main.__file__ = path
    vars(main)["__cached__"] = None
    main.__loader__ = loader("__main__", path)
    code = _load(content) if compiled else compile(content, path, "exec", dont_inherit=True)
    _execute(code, main)


def _absolute(path: str) -> str:
    """Return ``path`` as Python completes it: not tidied."""
    try:
        return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)
    except FileNotFoundError:
        return path


def _importable(path: str) -> bool:
    """Tell whether ``path`` is a folder or an archive, from which ``__main__`` is imported."""
    for hook in sys.path_hooks:
        try:
            hook(path)
        except ImportError:
            continue
        return True
    return False


def _load(content: bytes) -> CodeType:
    import marshal
    from importlib.util import MAGIC_NUMBER

    if content[:4] != MAGIC_NUMBER:
        raise RuntimeError("Bad magic number in .pyc file")
    code: CodeType = marshal.loads(content[16:])  # noqa: S302 - what the user asked for
    return code


def _cannot_open(program: Program, path: str, problem: OSError) -> None:
    """End as Python does where it finds no script."""
    sys.stderr.write(
        f"{program.command[0]}: can't open file {path!r}: [Errno {problem.errno}] {problem.strerror}\n"
    )
    raise SystemExit(2)


def _execute(code: CodeType, main: ModuleType) -> None:
    _give_room(1 if sys.version_info < (3, 12) else 0)  # there, exec itself counts
    exec(code, vars(main))  # noqa: S102 - what the user asked for


def _give_room(more: int) -> None:
    """Let the program call as deep as it could without the calls that lie below it here."""
    frame, depth = sys._getframe(), more
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    sys.setrecursionlimit(sys.getrecursionlimit() + depth)


_RUNNERS: dict[Kind, Callable[[Program, ModuleType], None]] = {
    Kind.SCRIPT: _run_script,
    Kind.MODULE: _run_module,
    Kind.CODE: _run_code,
}
