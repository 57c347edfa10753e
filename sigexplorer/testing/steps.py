"""The ``step`` of scenarios of one's own: that of ours, with the assertions of tests."""

from __future__ import annotations

from dataclasses import replace

from sigexplorer.model import Trace
from sigexplorer.playground.steps import Steps
from sigexplorer.testing.asserting import Assertions

__tracebackhide__ = True


class OwnSteps(Steps, Assertions):
    """Named steps, and claims and assertions about the step that runs, or the one that ran last."""

    @property
    def trace(self) -> Trace:
        """What the step sent, so far."""
        whole = self._tracer.trace()
        return replace(
            whole,
            steps=tuple(one for one in whole.steps if one.id == self.number),
            dispatches=tuple(one for one in whole.dispatches if one.step == self.number),
            bypasses=tuple(one for one in whole.bypasses if one.step == self.number),
        )
