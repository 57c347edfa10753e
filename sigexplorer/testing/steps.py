"""The ``step`` of scenarios of one's own: that of ours, with the assertions of tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sigexplorer.capture.keeping import Originals
from sigexplorer.capture.tracer import Tracer
from sigexplorer.errors import UsageError
from sigexplorer.model import Trace
from sigexplorer.playground.boot import Playground
from sigexplorer.playground.steps import Steps
from sigexplorer.testing.asserting import Assertions

__tracebackhide__ = True


class OwnSteps(Steps, Assertions):
    """Named steps, and claims and assertions about the step that runs, or the one that ended last."""

    def __init__(
        self, tracer: Tracer, playground: Playground | None = None, *, sources: bool = False
    ) -> None:
        super().__init__(tracer, playground, sources=sources)
        tracer.keeping = True

    def _recorded(self) -> tuple[Trace, Mapping[int, Originals]]:
        if self.number is None:
            raise UsageError("nothing was recorded: no step has begun", 'record it: with step("title"):')
        whole, kept = self._tracer.trace_and_kept()
        trace = replace(
            whole,
            steps=tuple(one for one in whole.steps if one.id in self.within),
            dispatches=tuple(one for one in whole.dispatches if one.step in self.within),
            bypasses=tuple(one for one in whole.bypasses if one.step in self.within),
        )
        return trace, kept
