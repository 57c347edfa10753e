"""Which dispatches the filters let through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from build import bypass, call, dispatch, trace

from sigexplorer.errors import SigexplorerError, UnknownNameError
from sigexplorer.model import Callback, Trace
from sigexplorer.show.filters import Filters, apply, check, parse_duration, parse_signals
from sigexplorer.show.nesting import depths
from sigexplorer.show.source import InMemory, Record, filtered

FAILED_CALL = call("shop.charge", outcome="raised", error="ValueError: no")

#: A login that saves, and an order that fails; dispatch 3 is in 2, 4 in 3.
TRACE = trace(
    dispatch(1, "pre_init", sender="auth.User"),
    dispatch(
        2,
        "user_logged_in",
        group="auth",
        sender="auth.User",
        duration_ns=9_000_000,
        signal="django.contrib.auth.signals.user_logged_in",
        calls=(call("django.contrib.auth.models.update_last_login"),),
    ),
    dispatch(3, "post_save", sender="auth.User", parent=2, parent_call=0, calls=(call(),)),
    dispatch(4, "m2m_changed", sender="blog.Post_tags", parent=3, parent_call=0),
    dispatch(5, "order_placed", group="custom", signal="shop.signals.order_placed", sender=None,
             error="ValueError: no", calls=(FAILED_CALL,)),
    bypass(6),
)  # fmt: skip


def kept(*patterns: str, **filters: Any) -> list[int]:
    """Return the ids of what the filters let through."""
    narrowed = apply(TRACE, Filters(signals=parse_signals(list(patterns)), **filters))
    return [dispatch.id for dispatch in narrowed.dispatches]


@pytest.mark.parametrize(
    ("patterns", "ids"),
    [
        ([], [1, 2, 3, 4, 5]),
        (["post_save"], [3]),
        (["django.db.models.signals.post_save"], [3]),
        (["model_signals.post_save"], [3]),
        (["!signals.post_save"], [1, 2, 4, 5]),
        (["shop.signals.order_placed"], [5]),
        (["user_*"], [2]),
        (["django.*"], [1, 2, 3, 4]),
        (["*"], [1, 2, 3, 4, 5]),
        (["p???_save"], [3]),
        (["post_[a-s]*"], [3]),
        (["%save"], [3]),
        (["%auth", "%m2m"], [2, 4]),
        (["%auth,%m2m"], [2, 4]),
        ([" post_save , order_placed "], [3, 5]),
        (["%model"], [1, 3, 4]),
        (["%custom"], [5]),
        (["!%init"], [2, 3, 4, 5]),
        (["!post_save"], [1, 2, 4, 5]),
        (["!user_*", "!%init"], [3, 4, 5]),
        (["%model", "!m2m_changed"], [1, 3]),
        (["%save,!%init,user_*"], [2, 3]),
        (["!%model", "%model"], []),
        (["post_delete"], []),
        ([""], [1, 2, 3, 4, 5]),
        ([","], [1, 2, 3, 4, 5]),
    ],
)
def test_signals_by_name_glob_group_and_negation(patterns: list[str], ids: list[int]) -> None:
    """Patterns add up, ! takes away whatever else says, and no pattern shows everything."""
    assert kept(*patterns) == ids


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("paid", [1]),
        ("EVENTS['paid']", [1]),
        ("shop.signals.EVENTS['paid']", [1]),
        ("pa*", [1]),
        ("!paid", [2, 3]),
        ("re*d", [2]),
        ("hooks[0]", [3]),
    ],
)
def test_a_signal_of_a_dict_by_its_key_or_as_it_is_shown(pattern: str, ids: list[int]) -> None:
    """What a row calls a signal finds it, brackets and all, and so does the key alone."""
    names = ("EVENTS['paid']", 'EVENTS["refunded"]', "hooks[0]")
    shop = trace(
        *(
            dispatch(number, name, signal=f"shop.signals.{name}", group="custom")
            for number, name in enumerate(names, 1)
        )
    )
    filters = Filters(signals=parse_signals([pattern]))
    assert [one.id for one in apply(shop, filters).dispatches] == ids
    check([shop], filters)
    with pytest.raises(UnknownNameError, match="nearest: paid") as caught:
        check([shop], Filters(signals=("pait",)))
    assert caught.value.hint


@pytest.mark.parametrize(
    ("glob", "ids"),
    [("auth.*", [1, 2, 3]), ("blog.Post_tags", [4]), ("*User", [1, 2, 3]), ("None", [5]), ("nobody", [])],
)
def test_senders_by_glob(glob: str, ids: list[int]) -> None:
    """-S keeps the dispatches whose sender fits; the sender None goes by that name."""
    assert kept(sender=glob) == ids


@pytest.mark.parametrize(
    ("glob", "ids"), [("django.*", [2]), ("blog.receivers.reindex", [3]), ("shop.*", [5]), ("x", [])]
)
def test_receivers_by_glob(glob: str, ids: list[int]) -> None:
    """-R keeps the dispatches that have such a receiver."""
    assert kept(receiver=glob) == ids


def test_only_what_failed() -> None:
    """-Z keeps dispatches in which a receiver raised, or which raised themselves."""
    assert kept(failed=True) == [5]
    robust = trace(dispatch(1, calls=(FAILED_CALL,)), dispatch(2, error="RuntimeError: loop"), dispatch(3))
    assert [one.id for one in apply(robust, Filters(failed=True)).dispatches] == [1, 2]


def test_only_what_took_as_long() -> None:
    """--min keeps what took that long or longer."""
    assert kept(min_ns=9_000_000) == [2]
    assert kept(min_ns=9_000_001) == []


@pytest.mark.parametrize(("depth", "ids"), [(1, [1, 2, 5]), (2, [1, 2, 3, 5]), (3, [1, 2, 3, 4, 5])])
def test_only_so_deep(depth: int, ids: list[int]) -> None:
    """--depth 1 keeps what no other dispatch caused, and each more a level more."""
    assert kept(depth=depth) == ids


@pytest.mark.parametrize("in_memory", [True, False])
def test_what_a_callback_sends_is_as_deep_as_what_registered_it(in_memory: bool) -> None:  # noqa: FBT001
    """It was caused by that, and a callback of the program's own by no dispatch."""
    called = {
        "file": None,
        "line": None,
        "using": "default",
        "registered_ns": 5,
        "step": None,
        "origin": None,
    }
    late = {"parent_call": 0, "start_ns": 9, "duration_ns": 1, "ending": "returned", "error": None}
    one, other = (Callback(id=5 + n, function="f", parent=n or None, **called, **late) for n in (1, 0))
    told = trace(
        dispatch(1), dispatch(2, callback=one.id), dispatch(3, parent=2), dispatch(4, callback=other.id)
    )
    told = replace(told, callbacks=(one, other))
    for depth, ids in ((1, [1, 4]), (2, [1, 2, 4]), (3, [1, 2, 3, 4])):
        filters = Filters(depth=depth)
        found = apply(told, filters) if in_memory else filtered(Streamed(told), filters)[0]
        assert [each.id for each in found.dispatches] == ids


class Streamed:
    """A trace that is read record by record."""

    def __init__(self, told: Trace) -> None:
        self._told = told

    def records(self) -> Iterator[Record]:
        """Yield its records."""
        return InMemory([self._told]).records()


def test_depth_counts_dispatches_that_are_left_out() -> None:
    """What is nested is nested, even where another filter leaves its cause out."""
    assert kept("post_save", depth=1) == []
    assert kept("post_save", depth=2) == [3]


def test_filters_add_up() -> None:
    """A dispatch must pass every filter that is given."""
    assert kept("%model", sender="auth.*", receiver="blog.*") == [3]
    assert kept("%model", sender="auth.*", failed=True) == []


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 1),
        ({"signals": ("!%init",)}, 1),
        ({"signals": ("%save",)}, 0),
        ({"failed": True}, 0),
        ({"receiver": "*"}, 0),
        ({"min_ns": 1}, 0),
        ({"sender": "blog.*"}, 1),
        ({"sender": "auth.*"}, 0),
    ],
)
def test_bypasses_have_no_signal_to_ask_for(filters: dict[str, Any], count: int) -> None:
    """A bypass stays unless something is asked of signals or receivers; its model counts as the sender."""
    assert len(apply(TRACE, Filters(**filters)).bypasses) == count


def test_nothing_but_records_is_filtered() -> None:
    """Steps and claims are those of the whole trace, and the run says that records are missing."""
    narrowed = apply(TRACE, Filters(signals=("post_save",)))
    assert (narrowed.steps, narrowed.claims) == (TRACE.steps, TRACE.claims)
    assert narrowed.run.title == TRACE.run.title
    assert any("1 of 5" in note for note in narrowed.run.notes)
    assert apply(TRACE, Filters()) == TRACE


def test_queries_of_what_is_left_are_counted_once() -> None:
    """The SQL of a filtered trace is that of its dispatches, nested ones within their causes."""
    nested = trace(
        dispatch(1, "post_save", queries=5, calls=(call(),)),
        dispatch(2, "pre_save", queries=2, parent=1, parent_call=0),
        dispatch(3, "post_delete", queries=1),
    )
    assert apply(nested, Filters(signals=("*_save",))).run.queries == 5
    assert apply(nested, Filters(signals=("pre_save",))).run.queries == 2


@pytest.mark.parametrize(
    ("pattern", "nearest"),
    [
        ("post_sav", "post_save"),
        ("!post_sav", "post_save"),
        ("order_place", "order_placed"),
        ("django.db.models.signals.post_sav", "post_save"),
    ],
)
def test_an_unknown_signal_names_the_nearest(pattern: str, nearest: str) -> None:
    """A plain name that is no signal is an error with three names like it, also when negated."""
    with pytest.raises(UnknownNameError) as caught:
        check([TRACE], Filters(signals=(pattern,)))
    assert nearest in caught.value.hint
    assert caught.value.hint.count(",") == 2


@pytest.mark.parametrize(
    ("filters", "nearest"),
    [
        ({"sender": "auth.Usr"}, "auth.User"),
        ({"receiver": "blog.receivers.reindx"}, "blog.receivers.reindex"),
    ],
)
def test_an_unknown_sender_or_receiver_names_the_nearest(filters: dict[str, Any], nearest: str) -> None:
    """A plain name that no sender, or no receiver, of any trace goes by is an error too."""
    with pytest.raises(UnknownNameError) as caught:
        check([TRACE], Filters(**filters))
    assert nearest in caught.value.hint


@pytest.mark.parametrize(
    "filters",
    [
        {"signals": ("order_placed", "!shop.signals.order_placed", "post_delete", "%tasks", "zzz*")},
        {"sender": "auth.User"},
        {"sender": "None"},
        {"sender": "zzz*"},
        {"receiver": "shop.charge"},
        {"receiver": "*zzz"},
    ],
)
def test_names_that_are_known_to_one_trace_are_known(filters: dict[str, Any]) -> None:
    """Of several traces it is enough that one has the name; built-in signals and globs always pass."""
    check([trace(dispatch(1)), TRACE], Filters(**filters))


@pytest.mark.parametrize("pattern", ["%sav", "!%sav", "%", "%save*", "%SAVED"])
def test_an_unknown_group_names_the_nearest(pattern: str) -> None:
    """A group that does not exist is an error at once, with three groups like it."""
    with pytest.raises(UnknownNameError) as caught:
        parse_signals([pattern])
    assert caught.value.hint.count("%") == 3


def test_a_glob_may_fit_nothing() -> None:
    """A glob is no name, so one that fits nothing is no error."""
    assert kept("zzz*") == []


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("5ms", 5_000_000),
        ("1.5s", 1_500_000_000),
        ("200us", 200_000),
        ("200µs", 200_000),
        ("7ns", 7),
        (" 5 ms ", 5_000_000),
        ("0s", 0),
    ],
)
def test_durations_are_read_with_their_unit(text: str, nanoseconds: int) -> None:
    """A duration is a number and a unit."""
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "0",
        "ms",
        "-5ms",
        "5 minutes",
        "1e3ms",
        "5ms5",
        "½s",
        "nan",
        "inf",
        "\N{ARABIC-INDIC DIGIT FIVE}ms\x00",
    ],
)
def test_what_is_no_duration_is_an_error(text: str) -> None:
    """Anything else is an error that says how to write it."""
    with pytest.raises(SigexplorerError, match="is not a duration") as caught:
        parse_duration(text)
    assert "5ms" in caught.value.hint


def test_depths_of_a_tree() -> None:
    """A dispatch is one deeper than its cause; a cause that is not there does not count."""
    assert depths(TRACE.dispatches) == {1: 0, 2: 0, 3: 1, 4: 2, 5: 0}
    assert depths(TRACE.dispatches[3:]) == {4: 0, 5: 0}
