"""Facts about ``connect()``, ``disconnect()`` and how long a receiver lives."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact
from sigexplorer.catalog.page import Note

FACTS = (
    Fact(
        id="weak-local",
        statement=(
            "With DEBUG off a receiver that is defined inside a function, and held by nothing else, is gone"
            " when that function returns"
        ),
        why=(
            "connect() holds receivers by weak references, and nothing else holds a local function."
            " Define receivers in a module, or connect with weak=False. With DEBUG on it stays: connect()"
            " looks at its parameters, and that look remembers the last 512 functions."
        ),
        scenario="weak-references",
        source=("django/dispatch/dispatcher.py: Signal.connect",),
    ),
    Fact(
        id="weak-lambda",
        statement=(
            "With DEBUG off a lambda or a functools.partial that nobody keeps is never called, and with DEBUG"
            " on or off neither is the method of an object that nobody keeps"
        ),
        why=(
            "Each is made for the call of connect() and dies with it, for the same weak reference."
            " Keep a name for it, or connect with weak=False. With DEBUG on the check of its parameters"
            " keeps the first two alive."
        ),
        scenario="weak-references",
        source=("django/dispatch/dispatcher.py: Signal.connect",),
    ),
    Fact(
        id="rebind",
        statement=(
            "With DEBUG off, of two receivers with one name in one module the first is gone when the second"
            " is defined, unless it was connected with weak=False"
        ),
        why=(
            "The second definition takes the name, and with it the only strong reference to the first"
            " function. With DEBUG on the check of its parameters keeps it, and both are called."
        ),
        scenario="weak-references",
        source=("django/dispatch/dispatcher.py: Signal.connect",),
    ),
    Fact(
        id="dead-receivers",
        statement="len(signal.receivers) counts receivers that are dead",
        why=(
            "A dead entry is only flagged when it dies, and swept out by the next connect, disconnect"
            " or send that has to look."
        ),
        scenario="weak-references",
        source=("django/dispatch/dispatcher.py: Signal.connect",),
        outcomes=(
            Note(
                "One that dies within connect() itself, such as a lambda, is swept out, too.", before=(6, 1)
            ),
            Note(
                "One that dies within connect() itself, such as a lambda, stays until another dies.",
                since=(6, 1),
            ),
        ),
    ),
    Fact(
        id="decorator-order",
        statement="@receiver below another decorator connects the function without that decorator",
        why=(
            "Decorators apply from the bottom up, and @receiver returns what it was given. Put it at the top."
        ),
        scenario="connecting",
        source=("django/dispatch/dispatcher.py: receiver",),
    ),
    Fact(
        id="dup",
        statement=(
            "Connecting one function twice with the same sender makes one receiver; with two senders, or one"
            " of them None, it makes two, and so does one method of two objects"
        ),
        why=(
            "The key of a registration is the id of the sender beside that of the function, or the ids of the"
            " object and the function; a key that is there is not added again."
        ),
        scenario="connecting",
        source=("django/dispatch/dispatcher.py: Signal.connect",),
    ),
    Fact(
        id="uid",
        statement=(
            "Of two functions connected with one dispatch_uid and one sender only the first is called, if it"
            " is alive when the second is connected"
        ),
        why=(
            "The uid takes the place of the function in the key, so the second looks like a"
            " repetition and is dropped in silence. The fact dead-receivers says which dead ones are swept"
            " out before."
        ),
        scenario="connecting",
        source=("django/dispatch/dispatcher.py: Signal.connect",),
    ),
    Fact(
        id="two-names",
        statement=(
            "A file imported under two module names connects its receivers twice, but for those with a"
            " dispatch_uid"
        ),
        why=(
            "Each import runs the file and makes functions of its own, with keys of their own; a"
            " dispatch_uid is the same both times."
        ),
        scenario="connecting",
        source=("django/dispatch/dispatcher.py: Signal.connect",),
    ),
    Fact(
        id="kwargs-debug",
        statement="connect() rejects a receiver without **kwargs only where DEBUG is True",
        why=(
            "The check costs time and is left out in production, where the send itself then fails, unless the"
            " receiver names all that is sent."
        ),
        scenario="connecting",
        source=("django/dispatch/dispatcher.py: Signal.connect",),
    ),
    Fact(
        id="signal-kwarg",
        statement=(
            "A receiver with **kwargs may leave out the parameter signal; one without must name all that is"
            " sent, signal too, and is not accepted where DEBUG is on"
        ),
        why=(
            "Every send passes signal= and sender= beside its own arguments, and a later Django may add more."
        ),
        scenario="connecting",
        source=("django/dispatch/dispatcher.py: Signal.send",),
    ),
    Fact(
        id="generator",
        statement="A receiver that contains yield is called, async or not, and nothing of its code runs",
        why=(
            "Calling it returns a generator, which becomes the response, and which no sender of Django's"
            " iterates."
        ),
        scenario="connecting",
        source=("django/dispatch/dispatcher.py: Signal.send",),
    ),
    Fact(
        id="providing-args",
        statement="Signal(providing_args=[...]) raises a TypeError",
        why=("The argument was pure documentation and was removed in Django 4.0; tutorials still show it."),
        scenario="connecting",
        source=("django/dispatch/dispatcher.py: Signal.__init__", "docs: releases/4.0"),
    ),
    Fact(
        id="disconnect",
        statement=(
            "disconnect() returns False, and does nothing, unless it repeats the sender and the dispatch_uid;"
            " of a sender given as 'app.Model' it returns None, whatever it did"
        ),
        why=(
            "Both are part of the key that it looks for. Look at what it returns. A name is looked up first,"
            " which may have to wait for the model."
        ),
        scenario="connecting",
        source=(
            "django/dispatch/dispatcher.py: Signal.disconnect",
            "django/db/models/signals.py: ModelSignal._lazy_method",
        ),
    ),
    Fact(
        id="receiver-list",
        statement="@receiver takes a list of signals and connects one function to each",
        why="The decorator loops over a list or tuple; the receiver tells them apart by signal=.",
        scenario="connect-and-disconnect",
        source=("django/dispatch/dispatcher.py: receiver",),
    ),
    Fact(
        id="test-isolation",
        statement="Nothing disconnects at the end of a test what the test has connected, and something holds",
        why=(
            "TestCase rolls the database back, and registrations are no rows. Disconnect with addCleanup()."
        ),
        scenario="test-cases",
        source=("django/test/testcases.py: TestCase._fixture_teardown",),
    ),
)
