"""A browser without a screen, driven over a pipe by the DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Debian's package; elsewhere Chrome understands the same.
PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

MISSING = "needs Chromium: apt-get install chromium"

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip

#: Becomes a program that reads from 3 and writes to 4, as a browser on a pipe does.
_AT_3_AND_4 = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for number, end in enumerate(ends, 3):
    os.dup2(end, number)
os.execv(sys.argv[3], sys.argv[3:])
"""

_PATIENCE = 60  # seconds: a busy machine is no failure, a browser that hangs is one

#: Where a key stands that has no letter.
_CODES = {
    "Enter": 13, "Escape": 27, "Home": 36, "End": 35, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39,
    "ArrowDown": 40, "Tab": 9, "PageDown": 34,
}  # fmt: skip


class Browser:
    """One tab of a browser, and what it said and asked for."""

    def __init__(self, written: int, read: int) -> None:
        self._written, self._read = written, read
        self._rest = b""
        self._last = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser for something and return its answer; events that come first are kept."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._written, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._last:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], _PATIENCE)
            assert ready, "the browser does not answer"
            part = os.read(self._read, 1 << 20)
            assert part, "the browser has gone"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def resize(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """Give the tab a size and a colour scheme."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, file: Path) -> None:
        """Open a report and wait until it is read."""
        self.events.clear()
        self.send("Page.navigate", url=file.as_uri())
        self.until("document.documentElement.dataset.ready === 'true'")

    def run(self, script: str) -> Any:
        """Return what an expression comes to in the page."""
        answer = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, (script, answer["exceptionDetails"])
        return answer["result"].get("value")

    def until(self, condition: str, *, forgiving: bool = False) -> None:
        """Wait until an expression is true in the page, frame by frame; a page that fails ends the wait."""
        end = time.monotonic() + _PATIENCE
        while not self.run(f"new Promise((tell) => requestAnimationFrame(() => tell(Boolean({condition}))))"):
            assert time.monotonic() < end, f"never true: {condition}"
            assert forgiving or not self.complaints(), self.complaints()

    def press(self, key: str, modifiers: int = 0) -> None:
        """Press a key and let it go."""
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        code = _CODES.get(key, 0)
        common: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        self.send("Input.dispatchKeyEvent", type="keyDown", **common, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def write(self, text: str) -> None:
        """Write a text where the focus is."""
        self.send("Input.insertText", text=text)

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Do something with the mouse: mouseMoved, mousePressed, mouseReleased, mouseWheel."""
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, selector: str, number: int = 0) -> None:
        """Click into the middle of an element."""
        self.click_at(*self.middle(selector, number))

    def click_at(self, x: float, y: float, clicks: int = 1) -> None:
        """Click at a point of the page."""
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=clicks)

    def middle(self, selector: str, number: int = 0) -> tuple[float, float]:
        """Return the middle of an element."""
        box = self.run(
            f"(() => {{ const found = document.querySelectorAll({json.dumps(selector)})[{number}];"
            "found.scrollIntoView({block: 'nearest'}); const box = found.getBoundingClientRect();"
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        return box[0], box[1]

    def text(self, selector: str) -> str:
        """Return the text of an element as it is seen."""
        found: str = self.run(f"document.querySelector({json.dumps(selector)}).innerText")
        return found

    def screenshot(self) -> bytes:
        """Return a picture of the tab as PNG."""
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])

    def complaints(self) -> list[str]:
        """Return what the console says: errors, warnings, refused loads, exceptions."""
        return [
            json.dumps(event["params"])
            for event in self.events
            if event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
        ]

    def requests(self) -> list[str]:
        """Return the addresses that the page asked for."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]


@contextmanager
def browsing(profile: Path) -> Iterator[Browser]:
    """Start a browser with a profile of its own, and end it."""
    assert PROGRAM is not None
    theirs_in, written = os.pipe()
    read, theirs_out = os.pipe()
    command = [sys.executable, "-c", _AT_3_AND_4, str(theirs_in), str(theirs_out), PROGRAM]
    process = subprocess.Popen(  # noqa: S603 - the browser of this machine
        [*command, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
        pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Browser(written, read)
    finally:
        os.close(written)
        process.terminate()
        process.wait(_PATIENCE)
        os.close(read)
