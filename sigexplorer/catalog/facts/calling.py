"""Facts about calling receivers: their order, responses and errors."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact

FACTS = (
    Fact(
        id="snapshot",
        statement="Receivers that are connected or disconnected during a send take no part in it",
        why="The send resolves the list of live receivers once, before it calls the first.",
        scenario="order",
        source=("django/dispatch/dispatcher.py: Signal.send",),
    ),
    Fact(
        id="reconnect-order",
        statement=(
            "Disconnecting and connecting moves a receiver to the end, and each request of the test"
            " Client does so with close_old_connections"
        ),
        why=(
            "A registration is appended; the Client keeps connections open by taking the receiver"
            " away meanwhile."
        ),
        scenario="order",
        source=(
            "django/dispatch/dispatcher.py: Signal.connect",
            "django/test/client.py: ClientHandler.__call__",
        ),
        signals=("request_started", "request_finished"),
    ),
    Fact(
        id="responses",
        statement=(
            "send() returns pairs of receiver and response, and of its own signals Django looks at those of"
            " file_changed and of setting_changed on leaving only: whatever others return, rows are saved and"
            " deleted"
        ),
        why=(
            "A receiver cannot veto a save: raise, or override save(). What the two are asked for is said by"
            " the facts file-changed and setting-exit-error."
        ),
        scenario="order",
        source=("django/dispatch/dispatcher.py: Signal.send",),
        signals=("pre_save", "post_save", "pre_delete", "post_delete", "file_changed", "setting_changed"),
    ),
    Fact(
        id="captured-method",
        statement="A bound method that was taken before Signal.send is patched goes on to call the original",
        why=(
            "A bound method holds the function that it was made from. Patch before the project is imported."
        ),
        scenario="order",
        source=("django/dispatch/dispatcher.py: Signal.send",),
    ),
    Fact(
        id="send-stops",
        statement=(
            "send() stops at the first exception, later receivers never run, and the row of a"
            " post_save is written all the same, unless it was saved in a transaction"
        ),
        why=(
            "The exception leaves the loop and save(), after the INSERT. Use atomic() around what"
            " must not happen by halves."
        ),
        scenario="errors",
        source=("django/dispatch/dispatcher.py: Signal.send", "django/db/models/base.py: Model.save_base"),
        signals=("post_save",),
    ),
    Fact(
        id="robust",
        statement=(
            "send_robust() goes on after an Exception, which is that receiver's response and is logged on"
            " django.dispatch, and not after SystemExit or KeyboardInterrupt"
        ),
        why=(
            "It catches Exception around each call. Look for exceptions among the responses, or in the log."
            " The fact robust-qualname says which receivers it does not survive."
        ),
        scenario="errors",
        source=("django/dispatch/dispatcher.py: Signal.send_robust",),
    ),
    Fact(
        id="robust-qualname",
        statement=(
            "send_robust() raises when a receiver without __qualname__ fails, such as a partial or an object"
        ),
        why="The line that logs the failure asks for receiver.__qualname__, outside of any try.",
        scenario="errors",
        source=("django/dispatch/dispatcher.py: Signal._log_robust_failure",),
    ),
    Fact(
        id="recursion",
        statement=(
            "save() of its instance, in a receiver of post_save and on no condition, sends post_save again,"
            " until a RecursionError"
        ),
        why="Each save is an event of its own. Change the row with update(), or save on a condition.",
        scenario="errors",
        source=("django/db/models/base.py: Model.save_base",),
        signals=("post_save",),
    ),
)
