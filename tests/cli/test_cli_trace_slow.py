"""What takes long to prove: Django's own tests do the same traced, and memory stays flat."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import django
import pytest
from processes import Answer, environment
from tracing_programs import run, traced, write

pytestmark = pytest.mark.slow

#: A folder to keep Django's source in; the sdist of the installed version is fetched into it.
VARIABLE = "SIGEXPLORER_DJANGO_SOURCES"

#: The suites that issue dispatches, and those that would notice somebody watching.
SUITES = (
    "dispatch", "signals", "m2m_signals", "model_inheritance", "delete", "auth_tests", "handlers",
    "requests_tests", "asgi", "test_client", "migrate_signals", "fixtures_regress", "transactions",
    "multiple_database", "contenttypes_tests", "get_or_create", "many_to_many",
)  # fmt: skip
HOUR = 3_600


def source() -> Path:
    """Return the folder of the tests of the installed Django, fetched where it is not there yet."""
    if not os.environ.get(VARIABLE):
        pytest.skip(f"{VARIABLE} names no folder to keep Django's source in")
    cache, name = Path(os.environ[VARIABLE]), f"django-{django.get_version()}"
    tests = cache / name / "tests"
    if not tests.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        words = ["pip", "download", "-q", "--no-deps", "--no-binary", "django", "-d", str(cache)]
        wanted = f"django=={django.get_version()}"
        done = subprocess.run([sys.executable, "-m", *words, wanted], check=False)  # noqa: S603 - pip
        if done.returncode != 0:
            pytest.skip(f"the source of {wanted} cannot be had here")
        (archive,) = cache.glob(f"*jango-{django.get_version()}.tar.gz")
        with tarfile.open(archive) as content:
            content.extractall(cache, filter="data")
        (found,) = (path for path in cache.iterdir() if path.is_dir() and path.name.lower() == name)
        tests = found.rename(cache / name) / "tests"
    return tests


def told(text: str) -> tuple[list[str], list[str]]:
    """Return how many tests ran and how they ended, and which of them failed."""
    return (
        re.findall(r"^(?:Ran \d+ tests|OK.*|FAILED.*)", text, re.MULTILINE),
        sorted(re.findall(r"^(?:FAIL|ERROR|UNEXPECTED SUCCESS): .*", text, re.MULTILINE)),
    )


def test_djangos_own_tests_do_the_same(tmp_path: Path) -> None:
    """The same tests pass, fail, err and are skipped, whether sigexplorer watches or not."""
    folder = shutil.copytree(source(), tmp_path / "tests")
    words = ["runtests.py", "--parallel=1", *SUITES]
    plain, watched = (
        _long([*start, *words], folder) for start in ([sys.executable], traced("-c", "--", "python"))
    )
    assert told(watched.err) == told(plain.err)
    assert watched.code == plain.code
    assert watched.out == plain.out
    assert len(told(plain.err)[0]) == 2
    assert "lost to a fault of ours" not in watched.err
    assert re.search(r"^\d\d,\d{3} dispatches", watched.err, re.MULTILINE)


def _long(words: list[str], folder: Path) -> Answer:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603 - Django's own tests
        words, cwd=folder, env=environment({"PATH": path}), capture_output=True, text=True, timeout=HOUR,
        check=False,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


#: Sends a million dispatches, and says by how many kilobytes that made the process grow.
MILLION = """
import resource, shop

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

for n in range(20_000):
    shop.paid.send("web", order=n)
before = peak()
for n in range(500_000):
    shop.paid.send("web", order=n)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there the peak is told in kilobytes")
def test_memory_stays_flat(tmp_path: Path) -> None:
    """A million dispatches that are written to a file make the process grow by less than 20 MB."""
    write(tmp_path, program=MILLION)
    answer = run(traced("-o", "run.jsonl", "--", "program.py"), tmp_path, timeout=HOUR)
    said = re.sub(r"\d+", "N", answer.err)
    assert said == "sigexplorer: making the report of N MB; Ctrl-C ends that and keeps the record\n"
    assert (answer.code, int(answer.out) < 20_000) == (0, True)
    with (tmp_path / "run.jsonl").open(encoding="utf-8") as lines:
        assert sum('"type": "dispatch"' in line for line in lines) == 1_040_000
