"""Processes that a program starts: which of them know of us, and that the others do not."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from running_programs import ROOT, TIMEOUT_SECONDS, environment, following, run, start, write

from sigexplorer.project import children

#: A program that sends a signal, for which its process is traced.
SEND = "from django.dispatch import Signal; Signal().send(None)\n"

#: The same, where Django may not be found.
TRY_TO_SEND = f"print(1)\\ntry:\\n    {SEND.strip()}\\nexcept ImportError:\\n    pass"

#: What a child says of itself: its number, and what it can see of us. It sends a signal too.
SAY = (
    "import os, sys\n"
    "from django.dispatch import Signal\n"
    "def say(_=None):\n"
    "    Signal().send(None)\n"
    "    seen = [name for name in os.environ if 'SIGEXPLORER' in name]\n"
    "    seen += [path for path in sys.path if 'startup' in path]\n"
    "    return os.getpid(), os.environ.get('PYTHONPATH'), seen\n"
)
MULTIPROCESSING = (
    "import multiprocessing, sys\nfrom say import say\n"
    "if __name__ == '__main__':\n"
    "    with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:\n"
    "        print(*pool.map(say, [0]))\n"
)
EXECUTOR = (
    "import multiprocessing, sys\nfrom concurrent.futures import ProcessPoolExecutor\nfrom say import say\n"
    "if __name__ == '__main__':\n"
    "    context = multiprocessing.get_context(sys.argv[1])\n"
    "    with ProcessPoolExecutor(1, mp_context=context) as pool:\n"
    "        print(*pool.map(say, [0]))\n"
)
FORK = (
    "import os\nfrom say import say\n"
    "child = os.fork()\n"
    "if child:\n    os.waitpid(child, 0)\nelse:\n    print(say(), flush=True)\n    os._exit(0)\n"
)
SUBPROCESS = (
    "import subprocess, sys\n"
    "subprocess.run([sys.argv[1], *sys.argv[2:], '-c', 'from say import say; print(say())'])\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with programs that start others, and an empty one for what is traced."""
    write(
        tmp_path,
        {
            "say.py": SAY,
            "pool.py": MULTIPROCESSING,
            "executor.py": EXECUTOR,
            "fork.py": FORK,
            "sub.py": SUBPROCESS,
        },
    )
    (tmp_path / "trace").mkdir()
    return tmp_path


def began(folder: Path) -> set[int]:
    """Return the processes that began to be traced."""
    return {int(file.name.partition("-")[0]) for file in (folder / "trace").glob("*-*")}


def child_of(folder: Path, which: str, *words: str) -> tuple[int, str | None, list[str]]:
    """Run a program and return what its child says."""
    ended = run(*following(folder / "trace", which, *words), folder=folder, shown=True)
    assert ended.err == ""
    said: tuple[int, str | None, list[str]] = eval(ended.out)  # noqa: S307 - our own program printed it
    return said


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("program", ["pool.py", "executor.py"])
def test_the_processes_of_multiprocessing_are_followed(folder: Path, program: str, method: str) -> None:
    """A worker begins to be traced however multiprocessing starts it, and finds nothing of us around it."""
    process, path, seen = child_of(folder, "some", "python", program, method)
    assert process in began(folder)
    assert (path, seen) == (str(ROOT), [])


def test_a_fork_is_followed(folder: Path) -> None:
    """A process that forks takes its tracing along."""
    process, path, seen = child_of(folder, "some", "python", "fork.py")
    assert process in began(folder)
    assert (path, seen) == (str(ROOT), [])


def test_what_a_child_starts_is_followed_too(folder: Path) -> None:
    """A worker that forks, or starts workers of its own, takes the tracing along."""
    program = (
        "import multiprocessing, os, say\n"
        "def work(pipe):\n"
        "    child = os.fork()\n"
        "    if not child: say.say(); os._exit(0)\n"
        "    os.waitpid(child, 0)\n"
        "    worker = multiprocessing.get_context('spawn').Process(target=say.say)\n"
        "    worker.start(); worker.join()\n"
        "    pipe.send([os.getpid(), child, worker.pid])\n"
        "if __name__ == '__main__':\n"
        "    ours, theirs = multiprocessing.Pipe()\n"
        "    worker = multiprocessing.get_context('spawn').Process(target=work, args=[theirs])\n"
        "    worker.start()\n"
        "    print(*ours.recv())\n"
    )
    write(folder, {"program.py": program})
    ended = run(*following(folder / "trace", "some", "python", "program.py"), folder=folder, shown=True)
    others = {int(word) for word in ended.out.split()}
    assert len(others) == 3
    assert len(began(folder) - others) == 1  # the program itself
    assert others < began(folder)


def test_a_fork_that_sends_nothing_writes_nothing(folder: Path) -> None:
    """A fork may be about to become another program: without a dispatch it leaves no file."""
    write(folder, {"program.py": FORK.replace("print(say(), flush=True)", "print(os.getpid(), flush=True)")})
    ended = run(*following(folder / "trace", "some", "python", "program.py"), folder=folder, shown=True)
    assert int(ended.out) not in began(folder)
    assert len(began(folder)) == 1


def test_other_programs_know_nothing_of_us_unasked(folder: Path) -> None:
    """Without being asked to follow everything, a subprocess is neither traced nor sees anything."""
    process, path, seen = child_of(folder, "some", "python", "sub.py", sys.executable)
    assert process not in began(folder)
    assert (path, seen) == (str(ROOT), [])


def test_every_python_program_is_followed_where_asked(folder: Path) -> None:
    """Asked to follow everything, a subprocess is traced, and its own children will be."""
    process, path, seen = child_of(folder, "all", "python", "sub.py", sys.executable)
    assert process in began(folder)
    assert path == os.pathsep.join([children.STARTUP, str(ROOT)])
    assert seen == [children.VARIABLE]


@pytest.mark.parametrize("option", ["-S", "-I", "-E"])
def test_a_python_that_listens_to_nobody_is_not_traced(folder: Path, option: str) -> None:
    """A Python started without its site or its environment runs as ever, unseen."""
    write(folder, {"sub.py": SUBPROCESS.replace("from say import say; print(say())", TRY_TO_SEND)})
    ended = run(
        *following(folder / "trace", "all", "python", "sub.py", sys.executable, option), folder=folder
    )
    assert (ended.code, ended.out, ended.err) == (0, "1\n", "")
    assert began(folder) == set()


def other_pythons() -> list[str]:
    """Return interpreters of this machine that are not this one."""
    names = ["python2.7", *(f"python3.{minor}" for minor in range(6, 16))]
    found = [shutil.which(name, path="/usr/bin:/usr/local/bin") for name in names]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found += [str(path) for path in pyenv.glob("*/bin/python")]
    return sorted({os.path.realpath(path) for path in found if path})


@pytest.mark.parametrize("other", other_pythons())
def test_another_python_runs_as_ever(folder: Path, other: str) -> None:
    """A child in an environment without us, of any version of Python, does what it does without us."""
    code = "import sys\nprint('sitecustomize' in sys.modules, [p for p in sys.path if 'startup' in p])"
    env = children.environment(children.State(str(folder / "trace"), all=True), environment(PYTHONPATH=""))
    plain = run(other, "-c", code, folder=folder)
    assert run(other, "-c", code, folder=folder, env=env) == plain
    assert plain.code == 0
    assert began(folder) == set()


@pytest.mark.parametrize(
    "real",
    [
        "import sys\nsys.real = __file__\n",
        "1 / 0\n",
        "import nothing_of_this_name\n",
        "import sys\nsys.path.append('from the real one')\n",
        "import os, sys\nsys.real = sorted(os.environ)\n",
    ],
)
def test_the_environments_own_sitecustomize_is_run(folder: Path, real: str) -> None:
    """The real sitecustomize is imported after ours, in its place, with its own error where it fails."""
    write(folder, {"real/sitecustomize.py": real})
    code = (
        "import sys\n"
        "print(getattr(sys, 'real', None), sys.path)\n"
        f"print(getattr(sys.modules.get('sitecustomize'), '__file__', None))\n{SEND}"
    )
    plain_env = environment(PYTHONPATH=f"{folder / 'real'}{os.pathsep}{ROOT}")
    env = children.environment(children.State(str(folder / "trace")), plain_env)
    plain = run(sys.executable, "-c", code, folder=folder, env=plain_env)
    assert run(sys.executable, "-c", code, folder=folder, env=env) == plain
    assert len(began(folder)) == 1


@pytest.mark.parametrize("state", ["", "no json", "[]", "{}", '{"all": true, "folder": 1}'])
def test_a_state_that_is_not_ours_does_nothing(folder: Path, state: str) -> None:
    """Whatever stands in the variable, the child runs as ever."""
    env = children.environment(children.State(str(folder)), environment()) | {children.VARIABLE: state}
    ended = run(sys.executable, "-c", "print(1)", folder=folder, env=env)
    assert (ended.code, ended.out, ended.err) == (0, "1\n", "")


def test_another_version_of_us_is_left_alone(folder: Path) -> None:
    """A child that finds another version of sigexplorer is not traced by it."""
    env = children.environment(children.State(str(folder / "trace"), version="0"), environment())
    ended = run(sys.executable, "-c", f"{SEND}print(1)", folder=folder, env=env)
    assert (ended.code, ended.out, ended.err) == (0, "1\n", "")
    assert began(folder) == set()


def test_the_environment_is_built_once() -> None:
    """Our folder stands first on the path, once, however often an environment is passed on."""
    state = children.State("/trace")
    once = children.environment(state, {"A": "b"})
    assert once == {"A": "b", "PYTHONPATH": children.STARTUP, children.VARIABLE: state.text()}
    assert children.environment(state, once) == once
    twice = children.environment(state, {"PYTHONPATH": f"/a{os.pathsep}/b"})
    assert twice["PYTHONPATH"] == os.pathsep.join([children.STARTUP, "/a", "/b"])
    assert children.environment(state, twice) == twice


def test_the_workers_of_xdist_are_followed(folder: Path) -> None:
    """The processes that pytest -n starts are traced, and the tests in them find nothing of us."""
    test = (
        "import os, pathlib, sys\n"
        "from django.dispatch import Signal\n"
        "def test_it():\n"
        "    Signal().send(None)\n"
        "    assert list(pathlib.Path('trace').glob(f'{os.getpid()}-*'))\n"
        "    assert not [name for name in os.environ if 'SIGEXPLORER' in name]\n"
        "    assert 'startup' not in os.environ['PYTHONPATH'] + str(sys.path)\n"
    )
    write(folder, {"test_one.py": test})
    words = ("pytest", "-q", "-p", "no:cacheprovider", "-n1", "test_one.py")
    ended = run(*following(folder / "trace", "some", *words), folder=folder)
    assert ended.code == 0, ended.out
    assert len(began(folder)) == 1  # the one that starts them imports no Django


def test_the_reloaded_server_is_followed(folder: Path) -> None:
    """With runserver's reloader the process that serves is traced, and what it starts is not to know."""
    ignored = shutil.ignore_patterns("__pycache__", "*.sqlite3")
    project = shutil.copytree(ROOT / "demo_project", folder / "blog", ignore=ignored)
    urls = project / "demo" / "urls.py"
    look = (
        "import os\n"
        "said = 'SIGEXPLORER_CHILD' in os.environ, os.environ['PYTHONPATH']\n"
        "os.write(1, f'<{said}>'.encode())\n"  # at once: other threads print as well
    )
    urls.write_text(look + urls.read_text(encoding="utf-8"), encoding="utf-8")
    words = following(folder / "trace", "some", "python", "manage.py", "runserver", "127.0.0.1:0")
    env = environment(PYTHONUNBUFFERED="1")
    with start(*words, folder=project, env=env, start_new_session=True) as server:
        assert server.stdout is not None
        said = []
        for line in server.stdout:
            said.append(line)
            if line.startswith(("Quit", "Starting")):
                break
        os.killpg(server.pid, signal.SIGINT)
        try:
            server.communicate(timeout=TIMEOUT_SECONDS)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
    assert f"<{(False, str(ROOT))}>" in "".join(said)
    assert len(began(folder) - {server.pid}) == 1
    assert server.returncode == 0


def test_what_is_no_python_program_is_run_and_its_children_followed(folder: Path) -> None:
    """A shell script can be run for the Python programs that it starts; its exit code is its own."""
    code = (
        "import sys; from sigexplorer.project.children import State, run_other; "
        "sys.exit(run_other(sys.argv[2:], State(sys.argv[1], all=True)))"
    )
    trace = str(folder / "trace")
    script = f"echo $$; python -c 'import os; {SEND.strip()}; print(os.getpid())'; exit 3"
    ended = run(sys.executable, "-c", code, trace, "sh", "-c", script, folder=folder, shown=True)
    assert ended.code == 3
    assert began(folder) == {int(ended.out.split()[1])}
    killed = run(sys.executable, "-c", code, trace, "sh", "-c", "kill -9 $$", folder=folder)
    assert killed.code == 128 + signal.SIGKILL


def test_the_end_is_told_once_in_each_process(folder: Path) -> None:
    """What is to be done at the end is done in this process and in each fork, and once."""
    program = (
        "import multiprocessing, os, sys\n"
        "if __name__ == '__main__':\n"
        "    worker = multiprocessing.get_context('fork').Process(target=print)\n"
        "    worker.start(); worker.join()\n"
        "    child = os.fork()\n"
        "    if not child: sys.exit()\n"
        "    os.waitpid(child, 0)\n"
        "    print(*sorted([worker.pid, child, os.getpid()]))\n"
    )
    runner = (
        "import os, sys; from sigexplorer.project.program import resolve, run; "
        "from sigexplorer.project.children import at_end; "
        "at_end(lambda: open('ends', 'a').write(f'{os.getpid()}\\n')); sys.exit(run(resolve(sys.argv[1:])))"
    )
    write(folder, {"program.py": program})
    ended = run(sys.executable, "-c", runner, "python", "program.py", folder=folder, shown=True)
    ends = sorted(map(int, (folder / "ends").read_text(encoding="utf-8").split()))
    assert ends == [int(word) for word in ended.out.split()]


def test_a_fault_of_ours_after_a_fork_is_not_the_programs(folder: Path) -> None:
    """A fork whose tracing cannot begin goes on without it."""
    ended = run(*following(folder / "nowhere", "some", "python", "fork.py"), folder=folder)
    assert (ended.code, ended.err) == (0, "")


def test_python_starts_as_quickly_where_nobody_traces() -> None:
    """Nothing of ours is installed where every Python would look for it."""
    code = "import sys; print([name for name in sys.modules if 'sigexplorer' in name])"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
