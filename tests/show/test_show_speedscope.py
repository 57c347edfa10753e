"""Speedscope, in a browser, opens what we write for it."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from build import call, dispatch, trace

from sigexplorer.show import exporters
from sigexplorer.show.look import Look

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NPM = shutil.which("npm")

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--allow-file-access-from-files", "--virtual-time-budget=10000", "--dump-dom",
)  # fmt: skip


@pytest.fixture(scope="session")
def speedscope(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of speedscope from the npm registry."""
    if NPM is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("speedscope")
    packed = subprocess.run(  # noqa: S603 - npm, found above
        [NPM, "pack", "speedscope@1", "--silent"], cwd=folder, capture_output=True, text=True, check=False
    )
    archives = list(folder.glob("*.tgz"))
    if not archives:
        pytest.skip(f"the npm registry gives no speedscope: {packed.stderr.strip()[:200]}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package" / "dist" / "release" / "index.html"


@pytest.mark.parametrize("name", ["run.chrome.json", "trace.json"])
def test_speedscope_imports_it(name: str, speedscope: Path, tmp_path: Path) -> None:
    """Whatever the file is called, speedscope shows its threads and their calls."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    recorded = trace(
        dispatch(
            1, start_ns=0, duration_ns=9_000_000, method="asend",
            calls=(call("blog.receivers.one", start_ns=0, duration_ns=9_000_000, is_async=True),
                   call("blog.receivers.two", start_ns=1_000_000, duration_ns=5_000_000, is_async=True)),
        )
    )  # fmt: skip
    text = "".join(exporters.export("chrome", [recorded], Look()))
    encoded = base64.b64encode(text.encode()).decode()
    script = tmp_path / "profile.js"
    script.write_text(f"speedscope.loadFileFromBase64({json.dumps(name)}, {json.dumps(encoded)})")
    done = subprocess.run(  # noqa: S603 - the browser, found above
        [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'data'}",
         f"{speedscope.as_uri()}#localProfilePath={script}"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "Something went wrong" not in done.stdout
    assert "Left Heavy" in done.stdout
    assert "MainThread" in done.stdout
    assert "MainThread (2)" in done.stdout
