"""Time one dispatch of a model's signal, again and again, untraced and as others observe it.

    python hot.py RECEIVERS ROUNDS DISPATCHES WAY...

Prints ``{"untraced": [ns, ...], way: [ns, ...]}``: nanoseconds of CPU for one dispatch. In
each round every way has its turn.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, partial
from importlib import import_module

from django.db import connection
from django.db.models.signals import post_save, pre_init
from django.dispatch import Signal
from tracing import SAVED, timed, traced

from blog.models import Tag

_WARM = 200


def receiver(**_named: object) -> None:
    """Receive."""


def connected(count: int) -> None:
    """Connect so many receivers to the signal of one model."""
    for number in range(count):
        post_save.connect(receiver, sender=Tag, dispatch_uid=f"benchmark-{number}")


def sending(what: str, count: int) -> Callable[[], None]:
    """Return a function that sends so many times, or executes so many statements."""
    instance = Tag(pk=1, name="django")
    signal, saves = (pre_init, False) if what == "counted" else (post_save, True)
    named = {**SAVED, "update_fields": frozenset({"name"})} if what == "described" else SAVED
    if what == "statements":
        return partial(_statements, count)

    def work() -> None:
        send = signal.send
        if saves:
            for _ in range(count):
                send(sender=Tag, instance=instance, **named)
        else:
            for _ in range(count):
                send(sender=Tag, args=(), kwargs={})

    return work


def _statements(count: int) -> None:
    with connection.cursor() as cursor:
        for _ in range(count):
            cursor.execute("SELECT 1")


@contextmanager
def _after() -> Iterator[None]:
    """Have traced, and trace no more."""
    found = Signal.send
    with traced():
        post_save.send(sender=Tag, instance=Tag(pk=1), **SAVED)
    if Signal.send is not found:
        raise SystemExit("Signal.send is not what it was before")
    yield


@contextmanager
def _logging() -> Iterator[None]:
    """Log each dispatch by a line that somebody wrote by hand."""
    logger = logging.getLogger("benchmark")
    logger.propagate = False
    handler = logging.FileHandler("/dev/null")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    original = Signal.send

    def send(self: Signal, sender: object, **named: object) -> list[tuple[object, object]]:
        logger.info("%s from %s with %s", self, sender, named)
        return original(self, sender, **named)

    Signal.send = send  # type: ignore[method-assign]
    try:
        yield
    finally:
        Signal.send = original  # type: ignore[method-assign]
        logger.removeHandler(handler)
        handler.close()


def _watching_receivers(
    span: Callable[[str], AbstractContextManager[object]],
) -> AbstractContextManager[None]:
    """Put each receiver into a span, which is where an instrumentation meets it."""

    @contextmanager
    def watched() -> Iterator[None]:
        original = Signal._live_receivers

        def live(self: Signal, sender: object) -> object:
            sync, asynchronous = original(self, sender)

            def wrapped(inner: Callable[..., object]) -> Callable[..., object]:
                def call(*arguments: object, **named: object) -> object:
                    with span(inner.__qualname__):
                        return inner(*arguments, **named)

                return call

            return [wrapped(one) for one in sync], asynchronous

        Signal._live_receivers = live
        try:
            yield
        finally:
            Signal._live_receivers = original

    return watched()


@cache
def _sentrys_own() -> object:
    """Return what Sentry's integration, which is set up once for a process, makes of ``_live_receivers``."""
    integration = import_module("sentry_sdk.integrations.django").DjangoIntegration
    original = Signal._live_receivers
    import_module("sentry_sdk").init(
        dsn="https://key@localhost/1", traces_sample_rate=1.0, transport=lambda _event: None,
        integrations=[integration(signals_spans=True)], default_integrations=False,
    )  # fmt: skip
    patched, Signal._live_receivers = Signal._live_receivers, original
    return patched


@contextmanager
def _sentry() -> Iterator[None]:
    """Trace signals by Sentry's own integration, inside of a transaction that is sampled."""
    original, Signal._live_receivers = Signal._live_receivers, _sentrys_own()
    try:
        with import_module("sentry_sdk").start_transaction(name="benchmark"):
            yield
    finally:
        Signal._live_receivers = original


@contextmanager
def _opentelemetry() -> Iterator[None]:
    """Open a span of OpenTelemetry around each receiver, kept by a processor that exports nothing."""
    sdk = import_module("opentelemetry.sdk.trace")
    export = import_module("opentelemetry.sdk.trace.export")
    memory = import_module("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.BatchSpanProcessor(memory.InMemorySpanExporter()))
    tracer = provider.get_tracer("benchmark")
    with _watching_receivers(tracer.start_as_current_span):
        yield
    provider.shutdown()


@contextmanager
def _cprofile() -> Iterator[None]:
    """Profile everything."""
    profile = import_module("cProfile").Profile()
    profile.enable()
    try:
        yield
    finally:
        profile.disable()


@contextmanager
def _viztracer() -> Iterator[None]:
    """Trace everything."""
    tracer = import_module("viztracer").VizTracer(verbose=0)
    tracer.start()
    try:
        yield
    finally:
        tracer.stop()


#: What goes on around the dispatches, by the name of the way.
WAYS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "untraced": nullcontext,
    "traced": traced,
    "counted": traced,  # signals that a trace leaves out unless it is asked for them
    "described": traced,  # arguments that have to be put into words
    "statements": traced,  # of SQL, which are counted
    "origins": partial(traced, origins=True),
    "left out": partial(traced, leave_out=["post_save"]),
    "no longer traced": _after,
    "logging": _logging,
    "sentry": _sentry,
    "opentelemetry": _opentelemetry,
    "cprofile": _cprofile,
    "viztracer": _viztracer,
}


def main(receivers: int, rounds: int, dispatches: int, ways: list[str]) -> None:
    """Measure and print."""
    connected(receivers)
    warm, work = sending(ways[0], _WARM), sending(ways[0], dispatches)
    found: dict[str, list[float]] = {way: [] for way in ("untraced", *ways)}
    for number in range(rounds + 1):
        for way, times in found.items():
            with WAYS[way]():
                warm()
                took = timed(work)
            if number:
                times.append(took / dispatches)
    sys.stdout.write(f"{json.dumps(found)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
