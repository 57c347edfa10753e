"""What a program does and sees is what it does and sees without us."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from running_programs import ROOT, environment, following, ours, run, write

#: Says all that a program can find out about how it was started.
LOOK = """\
import atexit, sys
for name, value in list(globals().items()):
    print(name, repr(value))
print(sys.argv, sys.path, sys.orig_argv, sys.flags, sys.warnoptions, sys._xoptions)
print(sys.modules["__main__"].__dict__ is globals(), sys.exc_info(), sys.stdout.line_buffering)
print(sys.excepthook is sys.__excepthook__, sys.path_hooks)
print([finder for finder in sys.meta_path if "sigexplorer" not in type(finder).__module__])
atexit.register(lambda: print(list(globals())))
"""

ERRORS = {
    "plain": "def f():\n    1 / 0\nf()",
    "from": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('x') from e",
    "context": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise KeyError('x')",
    "group": "raise ExceptionGroup('several', [ValueError(1), ExceptionGroup('in', [OSError(2)])])",
    "noted": "e = ValueError(1)\ne.add_note('a note')\nraise e",
    "import": "import nothing_of_this_name",
    "name": "prnt('did you mean')",
    "recursion": "def f(): f()\nf()",
    "base": "class E(BaseException): pass\nraise E('x')",
    "str raises": "class E(Exception):\n    def __str__(self): return 1 / 0\nraise E",
    "re-raised": "e = ValueError(1)\ntry:\n    raise e\nexcept ValueError:\n    pass\nraise e",
    "unclosed": "x = (",
    "indent": "def f():\nx = 1",
    "tabs": "if 1:\n\tx = 1\n        y = 2",
    "outside": "return 1",
    "nonlocal": "def f():\n  nonlocal x",
    "future": "x = 1\nfrom __future__ import annotations",
    "hook": "import sys\nsys.excepthook = lambda t, e, b: print(t, b.tb_frame.f_code.co_name)\n1 / 0",
    "hook sees": "import sys\nsys.excepthook = lambda t, e, b: print(sys.last_value is e)\n1 / 0",
    "hook raises": "import sys\ndef h(*a): raise KeyError('in hook')\nsys.excepthook = h\n1 / 0",
    "hook exits": "import sys\nsys.excepthook = lambda *a: sys.exit(7)\n1 / 0",
    "hook is gone": "import sys\ndel sys.excepthook\n1 / 0",
    "no stderr": "import sys\nsys.stderr = None\n1 / 0",
    "interrupt": "raise KeyboardInterrupt",
    "exit": "raise SystemExit",
    "exit 3": "import sys\nsys.exit(3)",
    "exit -1": "import sys\nsys.exit(-1)",
    "exit 256": "import sys\nsys.exit(256)",
    "exit true": "import sys\nsys.exit(True)",
    "exit huge": "import sys\nsys.exit(2 ** 80)",
    "exit text": "import sys\nsys.exit('a message')",
    "exit object": "import sys\nsys.exit((1, 2))",
    "exit text unseen": "import sys\nsys.stderr = None\nsys.exit('a message')",
    "exit in hook text": "import sys\nsys.excepthook = lambda *a: sys.exit('said')\n1 / 0",
    "at once": "import os\nprint('lost')\nos._exit(9)",
    "aborted": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nimport time; time.sleep(60)",
    "exec": "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'print(1)'])",
    "thread exits": "import sys, threading\nthreading.Thread(target=sys.exit, args=(3,)).start()",
    "thread raises": "import threading\nthreading.Thread(target=lambda: 1 / 0, name='t').start()",
    "thread lasts": (
        "import atexit, threading, time\natexit.register(print, 'atexit')\nended = threading.Event()\n"
        "def work():\n    threading.main_thread().join()\n    print('thread ends')\n"
        "threading.Thread(target=work).start()\nprint('main ends')"
    ),
    "atexit": "import atexit\natexit.register(print, 2)\natexit.register(print, 1)\nprint(0)",
    "atexit raises": "import atexit\natexit.register(lambda: 1 / 0)",
    "atexit exits": "import atexit, sys\natexit.register(sys.exit, 4)",
    "destroyed": "class D:\n    def __del__(self): print('gone')\nd = D()\nprint('end')",
    "destroyed by an exit": (
        "import atexit, sys\nclass D:\n    def __del__(self): print('gone')\n"
        "def f():\n    d = D()\n    sys.exit(2)\natexit.register(print, 'atexit')\nf()"
    ),
    "destroyed by an error": (
        "import atexit\nclass D:\n    def __del__(self): print('gone')\n"
        "def f():\n    d = D()\n    1 / 0\natexit.register(print, 'atexit')\nf()"
    ),
    "stdin": "import sys\nprint(input(), sys.stdin.read())",
    "closed stdout": "import sys\nsys.stdout.close()",
    "full stdout": "import sys\nsys.stdout = open('/dev/full', 'w')\nprint(1)",
    "unraisable": "class D:\n    def __del__(self): 1 / 0\ndel (lambda d: d)(D()).x",
    "warning": "import warnings\nwarnings.warn('from main')",
    "pickle": "import pickle\nclass C: pass\nprint(pickle.loads(pickle.dumps(C)) is C)",
    "inspect": "import inspect, __main__\ndef f():\n    pass\nprint(inspect.getsource(f), __main__.f is f)",
    "dataclass": (
        "import dataclasses, typing\n@dataclasses.dataclass\nclass C:\n    x: 'C'\n"
        "print(typing.get_type_hints(C))"
    ),
    "spawn": (
        "import multiprocessing as m\nclass C: x = 1\ndef f(c): return c.x\nif __name__ == '__main__':\n"
        "    with m.get_context('spawn').Pool(1) as p: print(p.map(f, [C()]))\nelse:\n"
        "    print(__name__, __file__, flush=True)"
    ),
    "unseen": "import sys\nprint({'typer', 'rich', 'django', 'asgiref', 'asyncio'} & {*sys.modules})",
}  # fmt: skip

COMMANDS = (
    "python look.py",
    "python ./look.py a --b -- -c",
    "python sub/../look.py",
    "python link.py",
    "python sub/look_up.py",
    "python nowhere.py",
    "python sub",
    "python sub/",
    "python empty",
    "python archive.pyz x",
    "python compiled.pyc",
    "python -m look a",
    "python -m package -x",
    "python -m package.inner",
    "python -mlook",
    "python -m nowhere",
    "python -m empty",
    "python -m package.broken",
    "python -P look.py",
    "python -P -m json.tool sub/data.json",
    "python -OO -X dev -W error -W ignore::DeprecationWarning -uBb look.py",
    "python -Wd -Xutf8=1 -- look.py -O",
    "python3 look.py",
    "./executable.py a",
    "./executable a",
    "env GREETING=hello PYTHONOPTIMIZE=1 python look.py",
    "pytest --version",
    "pytest -q -p no:cacheprovider package",
    "django-admin version",
    "django-admin chekc",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a program of every kind."""
    folder = tmp_path_factory.mktemp("programs")
    write(
        folder,
        {
            "look.py": LOOK,
            "sub/look_up.py": LOOK,
            "sub/__main__.py": LOOK,
            "sub/data.json": "{}",
            "package/__init__.py": "",
            "package/__main__.py": LOOK,
            "package/inner.py": LOOK,
            "package/broken.py": "def f():\n    1 / 0\nf()",
            "package/test_it.py": "def test_it():\n    assert 1 == 2\n",
            "executable.py": f"#!/usr/bin/env python\n{LOOK}",
            "executable": f"#!/usr/bin/env -S python -W error -B\n{LOOK}",
        },
    )
    (folder / "empty").mkdir()
    (folder / "link.py").symlink_to("sub/look_up.py")
    with zipfile.ZipFile(folder / "archive.pyz", "w") as archive:
        archive.writestr("__main__.py", LOOK)
    import py_compile

    py_compile.compile(str(folder / "look.py"), cfile=str(folder / "compiled.pyc"))
    return folder


#: Whatever we run we trace; that running alone is not seen either is looked at where there is time.
either_way = pytest.mark.parametrize(
    "traced", [pytest.param(True, id="traced"), pytest.param(False, id="run", marks=pytest.mark.slow)]
)


def our_way(*words: str, folder: Path, traced: bool) -> list[str]:
    """Return how a command is run by us, and with its children traced if it is to be."""
    return following(folder / "trace", "some", *words) if traced else ours(*words)


def check_same(
    *words: str, folder: Path, traced: bool, text: str = "", env: dict[str, str] | None = None
) -> None:
    """Fail where a command does not end as it does without us."""
    plain = run(*words, folder=folder, text=text, env=env)
    assert run(*our_way(*words, folder=folder, traced=traced), folder=folder, text=text, env=env) == plain


@either_way
@pytest.mark.parametrize("command", COMMANDS)
def test_a_program_finds_itself_as_python_starts_it(folder: Path, command: str, *, traced: bool) -> None:
    """A command gives the same exit code, the same output and the same errors, byte for byte."""
    check_same(*command.split(), folder=folder, traced=traced)


@either_way
@pytest.mark.parametrize("error", ERRORS)
def test_a_program_ends_as_python_ends_it(tmp_path: Path, error: str, *, traced: bool) -> None:
    """However a script ends: its exit code, output and tracebacks are Python's, with no line of ours."""
    write(tmp_path, {"program.py": ERRORS[error] + "\n"})
    check_same("python", "program.py", folder=tmp_path, traced=traced, text="one\ntwo\n")


@either_way
@pytest.mark.parametrize("how", ["-c", "-m"])
@pytest.mark.parametrize(
    "error", ["plain", "from", "unclosed", "interrupt", "exit text", "hook raises", "inspect"]
)
def test_code_and_modules_end_as_python_ends_them(
    tmp_path: Path, how: str, error: str, *, traced: bool
) -> None:
    """What -c and -m run fails as it does without us, with the lines that this version of Python shows."""
    write(tmp_path, {"program.py": ERRORS[error] + "\n"})
    check_same("python", how, ERRORS[error] if how == "-c" else "program", folder=tmp_path, traced=traced)


@either_way
@pytest.mark.parametrize(
    "source",
    [
        b"x = 1\n\0\n",
        b'x = "\xff"\n',
        b"# coding: nothing-of-this-name\n",
        b"import traceback\ntraceback.print_stack()\n",
        b"import warnings\nwarnings.warn('from far above', stacklevel=5)\n",
        b"import sys\nprint(sys.getrecursionlimit())\n",
    ],
)
def test_what_only_a_process_of_its_own_can_keep(tmp_path: Path, source: bytes, *, traced: bool) -> None:
    """A program that looks at what lies below it, or that Python cannot read, ends with the same code."""
    (tmp_path / "program.py").write_bytes(source)
    plain = run("python", "program.py", folder=tmp_path)
    words = our_way("python", "program.py", folder=tmp_path, traced=traced)
    assert run(*words, folder=tmp_path).code == plain.code


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("look.py a", "python look.py a"),
        ("sub", "python sub"),
        ("-m look a", "python -m look a"),
        ("-B -c print(__name__)", "python -B -c print(__name__)"),
        ("archive.pyz", "python archive.pyz"),
    ],
)
def test_the_word_python_may_be_left_out(folder: Path, typed: str, meant: str) -> None:
    """A script, a module or code is run by this Python where nothing else is said."""
    meant_words = [sys.executable, *meant.split()[1:]]
    assert run(*ours(*typed.split()), folder=folder) == run(*meant_words, folder=folder)


@either_way
def test_safe_path_is_kept(folder: Path, *, traced: bool) -> None:
    """With PYTHONSAFEPATH no folder is put on the path, and none is taken off."""
    safe = environment(PYTHONSAFEPATH="1")
    for command in ("python look.py", "python -m json.tool sub/data.json", "python sub", "python -c 1"):
        check_same(*command.split(), folder=folder, traced=traced, env=safe)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the bundled project."""
    ignored = shutil.ignore_patterns("__pycache__", "*.sqlite3")
    return shutil.copytree(ROOT / "demo_project", tmp_path_factory.mktemp("project") / "blog", ignore=ignored)


@either_way
@pytest.mark.parametrize(
    "command",
    [
        "python manage.py check",
        "python manage.py",
        "python manage.py migrate",
        "python manage.py nothing",
        "python manage.py check --settings=nothing",
        "python manage.py test blog",
        "python manage.py test blog --parallel 2",
        "python manage.py shell -c print(__name__)",
    ],
)
def test_a_django_project_is_run_as_ever(project: Path, command: str, *, traced: bool) -> None:
    """Commands of manage.py say and return what they do without us."""
    words = command.split()
    answers = []
    for line in (words, our_way(*words, folder=project, traced=traced)):
        answers.append(run(*line, folder=project))
        for database in project.glob("*.sqlite3"):
            database.unlink()
    assert answers[1] == answers[0]
