"""Run a program in this process as ``python`` itself would: its words, its paths, its ``__main__``."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Callable
from importlib.machinery import BuiltinImporter, SourceFileLoader, SourcelessFileLoader
from types import CodeType, ModuleType
from typing import Any, NoReturn

from sigexplorer.project.importable import remember
from sigexplorer.project.program.ending import end
from sigexplorer.project.program.what import Kind, Program


class Prepared:
    """A program that is about to run.

    Whoever calls ``call`` with ``arguments`` has as few frames below it as possible, because
    the program finds them below its own, and has asked for ``give_room`` in the same frame.
    What ended the program goes to ``ended``, without the frame that has caught it.
    """

    def __init__(self, program: Program, over: Callable[[], None] = lambda: None) -> None:
        self._over = over  # called when the program has ended, however it did
        self._program = program
        self._main = _surroundings(program)
        self.call, self.arguments = _how(program, self._main)

    def give_room(self) -> None:
        """Let the program call as deep as it could without the calls that lie below it here."""
        frame, depth = sys._getframe(1), 1
        executed = int(self.call is exec)
        while frame.f_back is not None:
            executed += frame.f_code.co_name == "<module>"
            frame, depth = frame.f_back, depth + 1
        if sys.version_info < (3, 12):  # there, exec itself counts
            depth += executed
        sys.setrecursionlimit(sys.getrecursionlimit() + depth)

    def ended(self, problems: list[BaseException]) -> int:
        """Return the exit code of a program that has ended with nothing, or one problem; see ``run``."""
        try:
            return self._ended(problems)
        finally:
            self._over()

    def _ended(self, problems: list[BaseException]) -> int:
        code = end(_alone(problems.pop()) if problems else None)
        if self._program.kind is Kind.SCRIPT and self._main.__spec__ is None:
            for name in ("__file__", "__cached__"):  # as Python does when a script has ended
                vars(self._main).pop(name, None)
        return code


def run(program: Program) -> int:
    """Run ``program`` to its end and return its exit code: 0, or 1 after an error of its own.

    What ends the process otherwise is raised, so that Python ends it the way it does: the
    program's own ``SystemExit``, unchanged, or ``KeyboardInterrupt`` where Ctrl-C was not
    caught, already shown. Let both pass. Threads are waited for and ``atexit`` functions
    called when the process ends, not here: a function registered with ``atexit`` before the
    program ran is called after all of the program's own.
    """
    problems: list[BaseException] = []
    prepared = Prepared(program)
    try:
        prepared.give_room()
        prepared.call(*prepared.arguments)
    except BaseException as problem:  # noqa: BLE001 - everything that can end a program
        problems.append(problem)
    return prepared.ended(problems)


def _alone(problem: BaseException) -> BaseException:
    """Return what ended a program without the frame that called it, and ours."""
    traceback = problem.__traceback__
    if traceback is not None:
        traceback = traceback.tb_next
    while traceback is not None and traceback.tb_frame.f_globals is globals():
        traceback = traceback.tb_next
    return problem.with_traceback(traceback)


def _surroundings(program: Program) -> ModuleType:
    """Make what the program sees its own, and return its new, empty ``__main__``."""
    sys.argv = program.argv
    sys.orig_argv = list(program.command)
    if not sys.flags.safe_path:
        del sys.path[:1]  # where sigexplorer itself was started from
        sys.path[:0] = first_path(program)
    remember()
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


_How = tuple[Callable[..., Any], tuple[Any, ...]]


def _how(program: Program, main: ModuleType) -> _How:
    """Return what to call, and with what, to run a program: where there is none, what says so."""
    try:
        return _RUNNERS[program.kind](program, main)
    except BaseException as problem:  # noqa: BLE001 - it ends the program before it begins
        return _fail, (problem,)


def _fail(problem: BaseException) -> None:
    raise problem


def _run_code(program: Program, main: ModuleType) -> _How:
    if sys.version_info >= (3, 14):
        import textwrap

        source = textwrap.dedent(program.target)
    else:
        source = program.target
    _show_source(source, None)
    code = compile(source, "<string>", "exec", dont_inherit=True)
    _show_source(source, code)
    return exec, (code, vars(main))


def _show_source(source: str, code: CodeType | None) -> None:
    """Let tracebacks show lines of ``-c`` code, as Python does from 3.13."""
    if sys.version_info < (3, 13):
        return
    import linecache

    register: Any = getattr(linecache, "_register_code", None)
    by_code = hasattr(linecache, "_interactive_cache")  # from 3.13.1
    if register is not None and by_code == (code is not None):
        register(code if by_code else "<string>", source, "<string>")


def _run_module(program: Program, _main: ModuleType) -> _How:
    return _as_main(program.target, alter_argv=True)


def _as_main(name: str, *, alter_argv: bool) -> _How:
    """Return what ``python -m`` does, too: the same function, whose lines stand in tracebacks."""
    import runpy

    return runpy._run_module_as_main, (name, alter_argv)  # type: ignore[attr-defined]


def _run_script(program: Program, main: ModuleType) -> _How:
    path = _absolute(program.target)
    if _importable(path):
        if not sys.flags.safe_path:
            del sys.path[:1]
        sys.path.insert(0, path)
        return _as_main("__main__", alter_argv=False)
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
    return exec, (code, vars(main))


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


def _cannot_open(program: Program, path: str, problem: OSError) -> NoReturn:
    """End as Python does where it finds no script."""
    sys.stderr.write(
        f"{program.command[0]}: can't open file {path!r}: [Errno {problem.errno}] {problem.strerror}\n"
    )
    raise SystemExit(2)


_RUNNERS: dict[Kind, Callable[[Program, ModuleType], _How]] = {
    Kind.SCRIPT: _run_script,
    Kind.MODULE: _run_module,
    Kind.CODE: _run_code,
}
