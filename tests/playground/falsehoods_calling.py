"""Ways to make facts about connecting, senders and calling false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from falsehoods import falsifies

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from falsehoods import Falsify


@falsifies("weak-local", "weak-lambda", "rebind", "dead-receivers")
def connect_is_strong(patch: pytest.MonkeyPatch) -> None:
    """Hold every receiver by a strong reference."""
    from django.dispatch import Signal

    original = Signal.connect

    def connect(self: Signal, receiver: Any, **options: Any) -> None:
        original(self, receiver, **{**options, "weak": False})

    patch.setattr(Signal, "connect", connect)


@falsifies("dup", "uid")
def connect_never_finds_the_same(patch: pytest.MonkeyPatch) -> None:
    """Take every connection for a new one."""
    from django.dispatch import Signal

    original = Signal.connect

    def connect(self: Signal, receiver: Any, **options: Any) -> None:
        original(self, receiver, **{**options, "dispatch_uid": object()})

    patch.setattr(Signal, "connect", connect)


@falsifies("two-names")
def connect_goes_by_name(patch: pytest.MonkeyPatch) -> None:
    """Take functions of the same name for the same."""
    from django.dispatch import Signal

    original = Signal.connect

    def connect(self: Signal, receiver: Any, **options: Any) -> None:
        original(self, receiver, **{**options, "dispatch_uid": receiver.__qualname__})

    patch.setattr(Signal, "connect", connect)


@falsifies("reconnect-order")
def connect_puts_first(patch: pytest.MonkeyPatch) -> None:
    """Put what is connected before all others."""
    from django.dispatch import Signal

    original = Signal.connect

    def connect(self: Signal, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.receivers.insert(0, self.receivers.pop())

    patch.setattr(Signal, "connect", connect)


@falsifies("disconnect")
def disconnect_takes_all(patch: pytest.MonkeyPatch) -> None:
    """Disconnect everything, whatever was asked for."""
    from django.dispatch import Signal

    def disconnect(self: Signal, *_args: Any, **_kwargs: Any) -> bool:
        self.receivers = []
        return True

    from sigexplorer.playground.shop.signals import order_placed

    patch.setattr(order_placed, "disconnect", disconnect.__get__(order_placed), raising=False)


@falsifies("kwargs-debug")
def connect_never_checks(patch: pytest.MonkeyPatch) -> None:
    """Accept any parameters, in every mode."""
    patch.setattr("django.dispatch.dispatcher.func_accepts_kwargs", lambda _receiver: True)


@falsifies("providing-args")
def signals_take_anything(patch: pytest.MonkeyPatch) -> None:
    """Accept the argument of old."""
    from django.dispatch import Signal

    original = Signal.__init__

    def init(self: Signal, providing_args: object = None, use_caching: bool = False) -> None:  # noqa: FBT001, FBT002
        del providing_args
        original(self, use_caching)

    patch.setattr(Signal, "__init__", init)


@falsifies("lazy-sender")
def names_are_names(patch: pytest.MonkeyPatch) -> None:
    """Look no model up."""
    from django.db.models.signals import ModelSignal
    from django.dispatch import Signal

    patch.setattr(ModelSignal, "connect", Signal.connect)


def _same(label: Callable[[Any], Any]) -> Falsify:
    """Compare senders by what ``label`` returns, where it returns something."""

    def way(patch: pytest.MonkeyPatch) -> None:
        from django.dispatch import dispatcher

        original = dispatcher._make_id
        patch.setattr(dispatcher, "_make_id", lambda target: label(target) or original(target))

    return way


falsifies("str-sender")(_same(lambda target: target if isinstance(target, str) else None))
falsifies("historical-save")(
    _same(lambda target: str(target._meta) if isinstance(target, type) and hasattr(target, "_meta") else None)
)
falsifies("appconfig-sender")(
    _same(lambda target: "blog" if getattr(target, "name", target) == "blog" else None)
)


def _another_version(patch: pytest.MonkeyPatch) -> None:
    """Expect what the other versions do."""
    import django

    from sigexplorer.playground.steps import Steps

    other = (5, 2) if django.VERSION >= (6, 1) else (6, 1)
    patch.setattr(Steps, "django", other)


falsifies("sync-in-asend", "async-cancel", "async-context", "raw")(_another_version)


@falsifies("f-expr", "sender-id-reuse")
def the_other_side_of_6_0(patch: pytest.MonkeyPatch) -> None:
    """Expect what the versions on the other side of 6.0 do."""
    import django

    from sigexplorer.playground.steps import Steps

    patch.setattr(Steps, "django", (5, 2) if django.VERSION >= (6, 0) else (6, 0))


@falsifies("caching-sender")
def the_cache_is_a_dictionary(patch: pytest.MonkeyPatch) -> None:
    """Remember receivers by any sender."""
    from sigexplorer.playground.shop.signals import order_shipped

    patch.setattr(order_shipped, "sender_receivers_cache", {})


@falsifies("unhashable-sender")
def every_instance_has_a_hash(patch: pytest.MonkeyPatch) -> None:
    """Hash by identity."""
    from django.db.models import Model

    patch.setattr(Model, "__hash__", object.__hash__)


@falsifies("send-stops")
def post_save_is_robust(patch: pytest.MonkeyPatch) -> None:
    """Send post_save so that errors stop nothing."""
    from django.db.models.signals import post_save

    patch.setattr(post_save, "send", post_save.send_robust, raising=False)


@falsifies("robust")
def send_robust_is_not(patch: pytest.MonkeyPatch) -> None:
    """Answer None for an error."""
    from sigexplorer.playground.shop.signals import order_paid

    original = order_paid.send_robust

    def send_robust(**kwargs: Any) -> list[Any]:
        return [(receiver, None) for receiver, _ in original(**kwargs)]

    patch.setattr(order_paid, "send_robust", send_robust, raising=False)


@falsifies("robust-qualname")
def nothing_is_logged(patch: pytest.MonkeyPatch) -> None:
    """Log no failure."""
    from django.dispatch import Signal

    patch.setattr(Signal, "_log_robust_failure", lambda *_arguments: None)


@falsifies("captured-method")
def send_is_looked_up(patch: pytest.MonkeyPatch) -> None:
    """Look the method up whenever it is called."""
    from sigexplorer.playground.shop.signals import order_placed

    patch.setattr(
        order_placed, "send", lambda **kwargs: type(order_placed).send(order_placed, **kwargs), raising=False
    )


@falsifies("async-order")
def sync_receivers_are_turned_round(patch: pytest.MonkeyPatch) -> None:
    """Put what is connected before all others."""
    connect_puts_first(patch)


@falsifies("responses")
def django_looks_at_none(patch: pytest.MonkeyPatch) -> None:
    """Send nothing whose responses are looked at."""
    patch.setattr("sigexplorer.playground.scenarios.calling.sends", lambda _page: ())


@falsifies("recursion")
def a_save_in_a_save_does_nothing(patch: pytest.MonkeyPatch) -> None:
    """Save once only, however deep."""
    from blog.models import Tag

    original = Tag.save_base
    under_way: list[Tag] = []

    def save_base(self: Tag, **options: Any) -> None:
        if not under_way:
            under_way.append(self)
            original(self, **options)
            under_way.clear()

    patch.setattr(Tag, "save_base", save_base)
