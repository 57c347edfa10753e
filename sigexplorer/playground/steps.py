"""What a scenario is written with: named steps, and claims about what they sent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from traceback import walk_tb

import django

from sigexplorer.capture import words
from sigexplorer.capture.secrecy import scrub
from sigexplorer.capture.tracer import Tracer
from sigexplorer.catalog import facts
from sigexplorer.errors import SigexplorerError
from sigexplorer.model import Bypass, Claim, Dispatch
from sigexplorer.playground import scenarios
from sigexplorer.playground.boot import Playground
from sigexplorer.playground.excerpt import excerpt


class Steps:
    """The ``step`` that a scenario takes.

    ``with step("title"):`` names a part of the run; what happens outside of a step is
    preparation and is not recorded. ``step.sent()`` and its siblings look at the step
    that runs, or the one that ended last, with all steps inside of it.
    """

    def __init__(
        self, tracer: Tracer, playground: Playground | None = None, *, sources: bool = False
    ) -> None:
        self._playground = playground
        self._tracer = tracer
        self._sources = sources
        self._number = 0
        self._running: list[int] = []  # the inner ones last
        self._within: list[set[int]] = [set()]  # by number, it and the steps inside of it

    @property
    def playground(self) -> Playground:
        """The bundled project; only the scenarios that come with it run there."""
        if self._playground is None:
            raise AttributeError("this scenario does not run in the bundled playground")
        return self._playground

    @property
    def number(self) -> int | None:
        """The step that runs, or the one that ended last; None before the first."""
        return self._number or None

    @property
    def within(self) -> set[int]:
        """The same, and the steps inside of it."""
        return self._within[self._number]

    @property
    def listening(self) -> bool:
        """Whether a tracing receiver is connected to every built-in signal."""
        return self._tracer.listened

    @property
    def django(self) -> tuple[int, int]:
        """The feature version of the Django that runs, for facts that depend on it."""
        return django.VERSION[:2]

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Let nobody listen for a while, not even us: some of Django's paths are open only then."""
        listening = self.playground.listener.connected
        self.playground.listener.disconnect()
        try:
            yield
        finally:
            if listening:
                self.playground.listener.connect()

    def unrecorded(self) -> AbstractContextManager[None]:
        """Record nothing for a while: what happens is more of the same."""
        return self._tracer.pause()

    @contextmanager
    def __call__(self, title: str) -> Iterator[None]:
        """Record what happens inside under ``title``."""
        # This generator was entered by contextlib, which was called by the scenario. The frame is in no
        # variable: one that knows itself would keep the receivers of the scenario alive.
        source = excerpt(sys._getframe(2)) if self._sources else None
        self._number = number = len(self._within)
        self._running.append(number)
        self._within.append(set())
        for one in self._running:
            self._within[one].add(number)
        try:
            with self._tracer.step(scrub(title), source):
                yield
        finally:
            self._running.remove(number)
            self._number = self._running[-1] if self._running else number

    @contextmanager
    def part(self) -> Iterator[None]:
        """Go on with the next part of a story if this one breaks: what it was about has failed."""
        before = len(self._tracer.claims)
        try:
            yield
        except Exception as problem:  # noqa: BLE001 - whatever a Django of the future does
            claimed = [claim.fact for claim in self._tracer.claims[before:] if claim.fact]
            self.note_broken("this part ran to its end", problem, *claimed)

    def note_broken(self, text: str, problem: BaseException, *claimed: str) -> None:
        """Note what ended a story, or a part of it: a claim that failed, about each fact it was to prove."""
        meant = dict.fromkeys([*claimed, *_meant(problem)])
        # What is wrong with a question to us is told as everywhere.
        ours = isinstance(problem, SigexplorerError)
        detail = words.bounded(str(problem)) if ours else words.error(problem)
        self._tracer.claims += [
            Claim(text, held=False, detail=detail, step=self.number if meant else None, fact=fact)
            for fact in meant or [None]
        ]

    def claim(
        self,
        text: str,
        actual: object,
        expected: object = True,  # noqa: FBT002 - reads as a sentence
        *,
        fact: str | None = None,
    ) -> None:
        """State that ``actual`` equals ``expected``; the scenario goes on whether it does or not.

        ``fact`` is the id of the fact of the catalogue that the claim proves.
        """
        held = actual == expected
        seen = None if held else f"saw {words.describe(actual)}, not {words.describe(expected)}"
        self._tracer.claims.append(Claim(scrub(text), held, seen, self.number, fact))

    def note_held(self, text: str) -> None:
        """Note a statement that held, once for each step."""
        claim = Claim(scrub(text), held=True, detail=None, step=self.number)
        if claim not in self._tracer.claims:
            self._tracer.claims.append(claim)

    def note_failed(self, text: str, seen: str | None) -> None:
        """Note a statement that did not hold, whether it did before or not; what was noted is not again."""
        failed = Claim(scrub(text), held=False, detail=seen, step=self.number)
        if failed in self._tracer.claims:
            return
        held = Claim(scrub(text), held=True, detail=None, step=self.number)
        self._tracer.claims[:] = [claim for claim in self._tracer.claims if claim != held]
        self._tracer.claims.append(failed)

    def sent(self, name: str | None = None, sender: str | None = None, **arguments: object) -> list[Dispatch]:
        """Return the step's dispatches with that short name, sender and those arguments, in order."""
        return [
            dispatch
            for dispatch in self._tracer.trace().dispatches
            if dispatch.step in self.within
            and name in (None, dispatch.name)
            and sender in (None, dispatch.sender)
            and arguments.items() <= dict(dispatch.arguments).items()
        ]

    def names(self, *, group: str | None = None) -> list[str]:
        """Return the short names that the step sent, in order; of init signals only on request."""
        return [
            dispatch.name
            for dispatch in self.sent()
            if (dispatch.group == group if group else dispatch.group not in ("init", "model"))
        ]

    def senders(self, name: str) -> list[str | None]:
        """Return the sender of each of the step's dispatches of a signal, in order."""
        return [dispatch.sender for dispatch in self.sent(name)]

    def called(self, name: str | None = None) -> list[str]:
        """Return the receivers that ran in the step, without their module, in order."""
        return [
            call.receiver.rpartition(".")[2]
            for dispatch in self.sent(name)
            for call in dispatch.calls
            if call.outcome != "skipped"
        ]

    def bypasses(self) -> list[Bypass]:
        """Return the step's writes that sent no signal, in order."""
        return [bypass for bypass in self._tracer.trace().bypasses if bypass.step in self.within]


def _meant(problem: BaseException) -> Iterator[str]:
    """Yield the facts that are claimed in the functions of their scenarios that a problem has ended."""
    for frame, _ in walk_tb(problem.__traceback__):
        package, _, module = str(frame.f_globals.get("__name__", "")).rpartition(".")
        for held in frame.f_code.co_consts if package == scenarios.__name__ else ():
            if isinstance(held, str) and facts.exists(held):
                proof = scenarios.find(facts.find(held).scenario)
                if proof.code.partition(":")[0] == module:
                    yield held
