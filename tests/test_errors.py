"""How we fail: one family, which any process and any reader gets whole."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator

import pytest

from sigexplorer import errors
from sigexplorer.capture import words
from sigexplorer.errors import SigexplorerError


def family(kind: type[SigexplorerError] = SigexplorerError) -> Iterator[type[SigexplorerError]]:
    """Yield a class of errors, and all that inherit it."""
    yield kind
    for one in kind.__subclasses__():
        yield from family(one)


#: What those are made from that say themselves what is wrong.
MADE_FROM: dict[str, tuple[object, ...]] = {
    "UnknownNameError": ("signal", "post_sav", ["post_save", "pre_save"]),
    "NotPythonError": ("ls",),
    "NotFoundError": ("lls",),
    "NotExecutableError": ("./x", "permission denied"),
}


@pytest.mark.parametrize("kind", list(family()), ids=lambda kind: kind.__name__)
def test_an_error_is_the_same_in_another_process(kind: type[SigexplorerError]) -> None:
    """It is pickled and copied with its message, its hint, its code and its notes."""
    error = kind(*MADE_FROM.get(kind.__name__, ("it is wrong", "mend it")))  # type: ignore[arg-type]
    error.add_note("seen in a test")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301 - our own
        assert type(other) is kind
        assert str(other) == str(error)
        assert (other.message, other.hint, other.code, other.__notes__) == (
            error.message, error.hint, error.code, ["seen in a test"],
        )  # fmt: skip


def test_who_reads_what_an_error_was_made_from_reads_the_hint_too() -> None:
    """The nearest names stand wherever an error is told, in a scenario as in a test."""
    error = errors.UnknownNameError("signal", "post_sav", ["post_save"])
    assert words.error(error).endswith("unknown signal 'post_sav' (nearest: post_save)")
