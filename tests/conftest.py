"""What all tests share: the bundled project, hostile traces, and Django found and left as it was."""

from __future__ import annotations

import compileall
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from sigexplorer.model import Bypass, Call, Claim, Dispatch, Origin, Run, Step, Trace

if TYPE_CHECKING:
    from sigexplorer.playground.boot import Playground

pytest_plugins = ("pytester",)

# Few examples here, four times as many in CI's long stage; the same in every run, so that only a change
# of ours fails.
# Only what is wrong fails, not what takes long.
_patient = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow],
    "derandomize": True,
    "database": None,
}
settings.register_profile("quick", **_patient, max_examples=12)
settings.register_profile("thorough", **_patient, max_examples=50)
settings.load_profile("quick")

METHODS = ("send", "send_robust", "asend", "asend_robust")

#: Texts that would do harm if anything took them for more than texts.
HOSTILE_TEXTS = {
    "markup": "[red]red[/red] [link=http://e.example]click[/link] :boom: [/]",
    "html": "</script><script>alert(1)</script><!-- & &amp; \"'",
    "ansi": "\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b[2J\x9b1m",
    "lines": "one\ntwo\r\nthree\u2028four\x0bfive\x85six",
    "nul": "nul\x00bell\x07delete\x7f",
    "bidi": "\u202etxt.exe\u202c\u2066isolated\u2069\u200b\ufeff",
    "surrogate": "lone \ud800 and \udfff",
    "markdown": "| a | **b** | `c` | ``` | # d | <e> | [f](g) | \\",
    "huge": "x" * 4_000_000,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be written anew."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/ from what is seen")


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C and a lost terminal be what they are, and compile us once for all the programs started.

    Background jobs ignore one of the signals, nohup the other. Programs keep no compiled code here, and
    where nobody else has, each of a thousand would compile everything of ours again.
    """
    if not hasattr(config, "workerinput"):
        for folder in ("sigexplorer", "demo_project"):
            compileall.compile_dir(Path(__file__).parents[1] / folder, quiet=2)
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def _are_djangos() -> bool:
    """Tell whether the four send methods are those of Django's own source; true where none is loaded."""
    dispatcher = sys.modules.get("django.dispatch.dispatcher")
    if dispatcher is None:
        return True
    methods = [vars(dispatcher.Signal)[name] for name in METHODS]
    return all(method.__code__.co_filename == dispatcher.__file__ for method in methods)


@pytest.fixture(autouse=True, scope="session")
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep runs for ``show --last`` where no user has theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _signal_is_left_alone() -> Iterator[None]:
    """Fail a test that begins or ends with a send method that is not Django's."""
    assert _are_djangos(), "a send method was replaced before the test"
    yield
    assert _are_djangos(), "the test left a send method replaced"


@pytest.fixture(scope="session")
def playground() -> Playground:
    """Return the bundled project, set up once for the process and shut."""
    from sigexplorer.playground import runs
    from sigexplorer.playground.boot import PLAYGROUND

    with runs.open_playground(listen=True):
        pass
    return PLAYGROUND


def trace_of(text: str) -> Trace:
    """Return a small trace with ``text`` wherever a program under observation decides what is there."""
    origin = Origin(text, 1, text)
    call: dict[str, Any] = {"file": text, "line": 1, "weak": True, "start_ns": 1_000, "queries": 1}
    calls = (
        Call(text, 1, dispatch_uid=text, is_async=False, duration_ns=5, outcome="returned", result=text,
             error=None, **call),
        Call(text, 2, dispatch_uid=None, is_async=True, duration_ns=5, outcome="raised", result=None,
             error=text, **call),
        Call(text, 3, dispatch_uid=None, is_async=False, duration_ns=0, outcome="skipped", result=None,
             error=None, **call),
        Call(f"django.{text}", 4, dispatch_uid=None, is_async=False, duration_ns=5, outcome="returned",
             result=None, error=None, **call),
    )  # fmt: skip
    outer = Dispatch(
        id=1, parent=None, parent_call=None, step=1, signal=text, name=text, group="custom", method="send",
        sender=text, start_ns=1_000, duration_ns=50, arguments=((text, text), ("instance", text)),
        calls=calls, error=text, origin=origin, in_transaction=True, rolled_back=True, queries=1,
        thread=text, process=1,
    )  # fmt: skip
    inner = Dispatch(
        id=2, parent=1, parent_call=0, step=1, signal="django.db.models.signals.post_save",
        name="post_save", group="save", method="asend_robust", sender=None, start_ns=1_010, duration_ns=5,
        arguments=(("created", True), ("raw", False), ("value", None), ("pk_set", "{1, 2}")), calls=(),
        error=None, origin=None, in_transaction=False, rolled_back=False, queries=0, thread="MainThread",
        process=1,
    )  # fmt: skip
    bypass = Bypass(3, "bulk_create", text, None, 1_020, 1, 1, 1, origin, (text, "blog.receivers.reindex"))
    return Trace(
        run=Run(
            title=text, listened=True, started_at="2026-11-20T10:00:00.000000Z", duration_ns=2_000,
            sigexplorer="0.1.0", django="6.1.3", python="3.13.0", databases=(("default", "sqlite"),),
            queries=1, notes=(text,),
        ),
        steps=(Step(1, text, 500, 1_000, text, text),),
        dispatches=(outer, inner),
        bypasses=(bypass,),
        claims=(Claim(text, held=True, detail=None), Claim(text, held=False, detail=text)),
    )  # fmt: skip


@pytest.fixture(params=HOSTILE_TEXTS)
def hostile_text(request: pytest.FixtureRequest) -> str:
    """Return each hostile text in turn."""
    return HOSTILE_TEXTS[request.param]


@pytest.fixture
def make_trace() -> Callable[[str], Trace]:
    """Return a function that makes a trace full of one text."""
    return trace_of


@pytest.fixture
def hostile_trace(hostile_text: str) -> Trace:
    """Return a trace full of a hostile text."""
    return trace_of(hostile_text)
