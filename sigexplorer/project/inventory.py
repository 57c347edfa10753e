"""Which signals there are in this process, and who listens."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import django

from sigexplorer import catalog
from sigexplorer.capture import receivers, signals
from sigexplorer.capture.connections import NOTES, Noted
from sigexplorer.capture.holders import held_by_debug_alone
from sigexplorer.capture.listening import built_in, tracing_receiver
from sigexplorer.capture.registry import Registration, registrations
from sigexplorer.capture.senders import UNKNOWN, Senders, for_text
from sigexplorer.capture.signals import SignalWords
from sigexplorer.capture.uids import uid_of
from sigexplorer.catalog.installed import django_version
from sigexplorer.catalog.listing import ListedSignal, custom, listed_page
from sigexplorer.catalog.page import Page
from sigexplorer.model import ListedReceiver


def built_in_signals(pages: Iterable[Page]) -> list[ListedSignal]:
    """Return the signals of ``pages``, those that the installed Django lacks included."""
    version = django_version()
    return [listed_page(page, version, *_count(built_in(page))) for page in pages]


def custom_signals() -> list[ListedSignal]:
    """Return the signals that the project and its packages define."""
    return [_custom(named, signal) for named, signal in signals.custom()]


def _custom(named: SignalWords, signal: object) -> ListedSignal:
    return custom(named.path, named.name, *_count(signal))


def _count(signal: object) -> tuple[int, int]:
    """Return how many live receivers a signal has but ours, and how many are Django's own."""
    if signal is None:
        return 0, 0
    live = [
        receivers.words(registration.receiver).name
        for registration in registrations(signal)
        if registration.receiver is not None and registration.receiver is not tracing_receiver
    ]
    return len(live), sum(_is_stock(name) for name in live)


def _is_stock(receiver: str) -> bool:
    return receiver.startswith("django.")


def django_release() -> str:
    """Return the version of the Django that runs, such as ``5.2.19``."""
    return django.get_version()


def all_signals() -> list[tuple[SignalWords, Any]]:
    """Return every signal of the process: Django's in the catalogue's order, then all others by path.

    Nothing is imported to find them: a signal of Django's that nobody imported has no receivers.
    """
    own = [
        (SignalWords(page.path, page.name, page.group), signal)
        for page in catalog.PAGES
        if page.module in sys.modules and (signal := built_in(page)) is not None
    ]
    known = [*own, *signals.custom()]
    ids = {id(signal) for _, signal in known}
    noted = {id(signal): signal for event in NOTES.events if (signal := event.signal()) is not None}
    return [*known, *((signals.words(signal), signal) for key, signal in noted.items() if key not in ids)]


def all_receivers(*, ask_debug: bool = False) -> list[ListedReceiver]:
    """Return every registration of the process, signal by signal, in true call order.

    Those whose receiver died come last where Django has swept them away. With ``ask_debug``
    those that live only because ``DEBUG`` is on are found, for which the memory is searched.
    """
    senders = Senders()
    return [
        one
        for named, signal in all_signals()
        for one in receivers_of(named, signal, senders, ask_debug=ask_debug)
    ]


def receivers_of(
    named: SignalWords, signal: Any, senders: Senders, *, ask_debug: bool = False
) -> Iterator[ListedReceiver]:
    """Yield the registrations of one signal in true call order, the dead included."""
    standing = receivers.in_call_order(
        one for one in registrations(signal) if one.receiver is not tracing_receiver
    )
    told: Counter[ListedReceiver] = Counter()
    for order, registration in enumerate(standing, 1):
        one = _numbered(listed(named, registration, order, senders), told)
        yield replace(one, by_debug=True) if ask_debug and held_by_debug_alone(registration) else one
    for place, event in enumerate(swept(signal, standing), len(standing) + 1):
        yield ListedReceiver(
            signal=named.path, name=named.name, receiver=event.receiver.name, order=place,
            file=event.receiver.file, line=event.receiver.line, sender=event.sender,
            dispatch_uid=event.dispatch_uid, weak=True, is_async=False, alive=False,
            connected_at=event.at, stock=_is_stock(event.receiver.name), by_text=for_text(event),
        )  # fmt: skip


def listed(named: SignalWords, registration: Registration, order: int, senders: Senders) -> ListedReceiver:
    """Put a registration into words."""
    event = NOTES.made(registration.key)
    alive = registration.receiver is not None
    if alive:
        receiver = receivers.words(registration.receiver)
    elif event is not None:
        receiver = event.receiver
    elif registration.function is not None:
        receiver = receivers.words(registration.function)
    else:
        receiver = receivers.ReceiverWords(UNKNOWN, None, None)
    return ListedReceiver(
        signal=named.path,
        name=named.name,
        receiver=receiver.name,
        order=order,
        file=receiver.file,
        line=receiver.line,
        sender=senders.words(registration, event),
        dispatch_uid=uid_of(registration) if alive or event is None else event.dispatch_uid,
        weak=registration.weak,
        is_async=registration.is_async,
        alive=alive,
        connected_at=event.at if event else None,
        stock=_is_stock(receiver.name),
        by_text=senders.is_text(registration, event),
    )


def _numbered(one: ListedReceiver, told: Counter[ListedReceiver]) -> ListedReceiver:
    """Return a registration, its dispatch_uid numbered where another one of the receiver reads the same."""
    if one.dispatch_uid is None or "<" not in one.dispatch_uid:
        return one
    alike = replace(one, order=0, connected_at=None)
    told[alike] += 1
    return replace(one, dispatch_uid=f"{one.dispatch_uid} #{told[alike]}") if told[alike] > 1 else one


def swept(signal: Any, standing: list[Registration]) -> list[Noted]:
    """Return the connections whose receiver died, and which Django has forgotten since."""
    kept = {id(one.key) for one in standing}
    events = NOTES.of(signal)
    ended = {id(event.key) for event in events if event.kind == "disconnected"}
    return [
        event
        for event in events
        if event.kind == "connected" and event.died and id(event.key) not in kept | ended
    ]


def reached(signal: Any, sender: Any, senders: Senders) -> tuple[ListedReceiver, ...]:
    """Return what a send with ``sender`` would call, in order; nothing is sent."""
    named = signals.words(signal)
    called = receivers.listeners(signal, sender)
    return tuple(listed(named, one, order, senders) for order, one in enumerate(called, 1))
