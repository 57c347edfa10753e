"""Why a receiver does not fire: every reason in a project that has it, and in one that does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import specimens
from specimens import SPECIMENS, Specimen

from sigexplorer.answers import Check, Diagnosis
from sigexplorer.model import Bypass, Call, Counted, Dispatch, Origin, Run, Trace
from sigexplorer.show import recording
from sigexplorer.show.schemas import answers_schema

if TYPE_CHECKING:
    from pathlib import Path

Answers = dict[str, dict[str, Any]]

RECEIVER = "shop.receivers.on_save"
POST_SAVE = "django.db.models.signals.post_save"
ORIGIN = Origin("shop/views.py", 7, "buy")


def call(receiver: str, outcome: Any = "returned", error: str | None = None) -> Call:
    """Return one call of a receiver."""
    return Call(receiver, 1, None, None, None, weak=True, is_async=False, start_ns=0, duration_ns=1,
                outcome=outcome, result=None, error=error, queries=0)  # fmt: skip


def dispatch(sender: str, *calls: Call) -> Dispatch:
    """Return one dispatch of post_save."""
    return Dispatch(
        id=1, parent=None, parent_call=None, step=None, signal=POST_SAVE, name="post_save", group="save",
        method="send", sender=sender, start_ns=0, duration_ns=1, arguments=(), calls=calls, error=None,
        origin=ORIGIN, in_transaction=False, rolled_back=False, queries=0, thread="MainThread", process=1,
    )  # fmt: skip


BYPASS = Bypass(1, "bulk_create", "shop.Product", 3, 0, None, None, None, ORIGIN, (RECEIVER,))

RUNS: dict[str, tuple[tuple[Dispatch, ...], tuple[Bypass, ...]]] = {
    "empty": ((), ()),
    "counted": ((), ()),
    "others": ((dispatch("shop.Tag"),), ()),
    "bypassed": ((), (BYPASS,)),
    "called": ((dispatch("shop.Product", call(RECEIVER)),), (BYPASS,)),
    "raised": ((dispatch("shop.Product", call(RECEIVER, "raised", "KeyError: 'x'")),), ()),
    "skipped": (
        (
            dispatch(
                "shop.Product",
                call("shop.receivers.earlier", "raised", "ValueError: no"),
                call(RECEIVER, "skipped"),
            ),
        ),
        (),
    ),
}


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the files of some recorded runs, as JSON and, every other one, as JSON lines."""
    folder = tmp_path_factory.mktemp("runs")
    files = {}
    for number, (name, (dispatches, bypasses)) in enumerate(RUNS.items()):
        run = Run("test", listened=False, started_at="2026-11-20T10:00:00.000000Z", duration_ns=1,
                  sigexplorer="0", django="5.2", python="3.11", databases=())  # fmt: skip
        counted = (Counted("pre_init", "shop.Product", 4),) if name == "counted" else ()
        trace = Trace(run, dispatches=dispatches, bypasses=bypasses, counted=counted)
        files[name] = folder / f"{name}.json"
        whole = json.dumps(recording.dump(trace))
        lines = "\n".join(json.dumps(record) for record in recording.records(trace))
        files[name].write_text(lines if number % 2 else whole)
    return files


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory, runs: dict[str, Path]) -> Answers:
    """Return what why says of every specimen, with its fault and without."""
    questions: dict[str, tuple[str, str, str | None]] = {}
    for number, (name, one) in enumerate(SPECIMENS.items()):
        for kind, files, run in (("faulty", one.faulty, one.trace), ("sound", one.sound, one.sound_trace)):
            folder = tmp_path_factory.mktemp(f"{kind}{number}")
            specimens.write(folder, files)
            questions[f"{kind} {name}"] = (str(folder), one.receiver, str(runs[run]) if run else None)
    late = tmp_path_factory.mktemp("late")
    specimens.write(late, specimens.ready("pass"))
    questions["late"] = (str(late), "on_save", str(runs["called"]))
    sound = tmp_path_factory.mktemp("sound")
    specimens.write(sound, {})
    questions["elsewhere"] = (str(sound), "post_init:on_save", None)
    several = tmp_path_factory.mktemp("several")
    specimens.write(several, SPECIMENS["by several objects"].sound)
    questions["several"] = (str(several), "Caller", None)
    wrapped = SPECIMENS["decorated where it is connected"].sound["shop/receivers.py"]
    both = tmp_path_factory.mktemp("both")
    more = "def other(sender, **kwargs): pass\n        also = plain(other)\n        post_save.connect(also)\n"
    specimens.write(both, {"shop/receivers.py": f"{wrapped}\n        {more}"})
    questions["alike"] = (str(both), "shop.receivers.on_save", str(runs["empty"]))
    dead = tmp_path_factory.mktemp("dead")
    specimens.write(dead, specimens.receivers(f"{_KEEPER}post_save.connect(Keeper().on_save)\n"))
    questions["dead twin"] = (str(dead), "Keeper.on_save", None)
    counting = tmp_path_factory.mktemp("counting")
    specimens.write(counting, specimens.receivers(specimens.on_save("@receiver(pre_init, sender=Product)")))
    questions["counted"] = (str(counting), "on_save", str(runs["counted"]))
    none = tmp_path_factory.mktemp("none")
    specimens.write(none, {**SPECIMENS["in an app that is not installed"].faulty, **_NO_APPS})
    questions["no apps"] = (str(none), "on_late", None)
    return specimens.ask(questions)


_KEEPER = """
        class Keeper:
            def on_save(self, sender, **kwargs): pass

        KEPT = Keeper()
        post_save.connect(KEPT.on_save)
        """
_NO_APPS = {"site_settings.py": 'SECRET_KEY = "x"\nINSTALLED_APPS = []\n'}

each_specimen = pytest.mark.parametrize(("name", "specimen"), SPECIMENS.items(), ids=SPECIMENS)


@each_specimen
def test_a_fault_is_found(name: str, specimen: Specimen, answers: Answers) -> None:
    """The verdict is the reason that the project was given, with its evidence and what to do."""
    answer = answers[f"faulty {name}"]
    assert answer.get("reason") == specimen.reason, answer
    assert not answer["fires"]
    assert answer["fix"]
    failure = next(check for check in answer["checks"] if check["name"] == specimen.reason)
    told = " ".join([answer["verdict"], *failure["evidence"], answer["fix"]])
    assert specimen.says in told


@each_specimen
def test_no_fault_is_found_where_there_is_none(name: str, specimen: Specimen, answers: Answers) -> None:
    """The same project without the fault is connected, and fires."""
    answer = answers[f"sound {name}"]
    assert answer.get("reason", "?") is None, answer
    assert answer["fires"]
    ran = "fires" if specimen.sound_trace else "would fire"
    assert answer["verdict"].partition(", more than once")[0] == f"it is connected, and {ran}"
    assert specimen.reason in {check["name"] for check in answer["checks"]}


def test_every_reason_has_a_specimen(answers: Answers) -> None:
    """Each question that can fail is asked by some specimen whose fault it is."""
    asked = {check["name"] for check in answers["sound never imported"]["checks"]}
    assert asked - {specimen.reason for specimen in SPECIMENS.values()} == {"source"}  # unknown: exit 2


def test_every_answer_has_the_form_of_the_schema(answers: Answers) -> None:
    """Whatever is wrong, the JSON of a diagnosis is valid."""
    validator = jsonschema.Draft202012Validator(answers_schema())
    for answer in answers.values():
        validator.validate(answer)


def test_who_imported_the_module_is_evidence(answers: Answers) -> None:
    """The line that imported the module of a receiver is told."""
    checks = {check["name"]: check for check in answers["sound never imported"]["checks"]}
    assert checks["imported"]["evidence"] == ["shop.receivers was imported by shop/apps.py:8"]
    assert checks["connected"]["evidence"] == ["to post_save for shop.Product at shop/receivers.py:6"]
    assert checks["ready"]["evidence"] == ["shop.apps.ShopConfig.ready() ran"]


def test_what_follows_from_another_fault_is_no_verdict(answers: Answers) -> None:
    """A receiver that was never imported is not connected either, which is noted and not the reason."""
    states = {check["name"]: check["state"] for check in answers["faulty never imported"]["checks"]}
    assert (states["imported"], states["connected"]) == ("failed", "noted")
    unused = "faulty ready() of a class that Django does not use"
    states = {check["name"]: check["state"] for check in answers[unused]["checks"]}
    assert (states["imported"], states["ready"], states["connected"]) == ("noted", "failed", "noted")


def test_what_was_never_connected_is_asked_nothing_about_its_connection(answers: Answers) -> None:
    """Whether it is still connected, or was dropped, is no question about a receiver that never was."""
    for name in ("never connected", "never imported", "in no installed app"):
        states = {check["name"]: check["state"] for check in answers[f"faulty {name}"]["checks"]}
        asked = {
            states[one] for one in ("dispatch_uid", "alive", "rebound", "disconnected", "callable", "once")
        }
        assert asked == {"skipped"}, name
    dead = {check["name"]: check["state"] for check in answers["faulty a partial"]["checks"]}
    assert (dead["alive"], dead["disconnected"]) == ("failed", "skipped")


def test_what_the_run_connected_later_fires(answers: Answers) -> None:
    """A receiver that is imported only while the program runs is found in the run, and fires."""
    assert answers["late"]["fires"], answers["late"]
    assert answers["late"]["signals"] == [POST_SAVE]
    checks = {check["name"]: check for check in answers["late"]["checks"]}
    assert checks["imported"]["evidence"] == ["shop.receivers was imported in the run, not at the start"]


IMPORTED_ELSEWHERE = {
    "shop/events.py": """
        from django.dispatch import Signal

        def made():
            return Signal()

        paid, MANY = Signal(), {"sent": Signal()}
        asked = made()

        class Bus:
            halted = Signal()
    """,
    "shop/alias.py": "from shop.events import paid as a_paid\n",
    "shop/receivers.py": """
        from django.dispatch import receiver
        from shop.alias import a_paid
        from shop.events import MANY, Bus, asked as why_not, paid

        first, halted, sent = paid, Bus.halted, MANY["sent"]

        @receiver([paid, halted, sent, why_not])
        def on_save(sender, **kwargs):
            pass
    """,
}
ELSEWHERE = {
    "shop.alias.a_paid": "shop.events.paid",
    "shop.receivers.first": "shop.events.paid",
    "shop.receivers.Bus.halted": "shop.events.Bus.halted",
    "shop.receivers.MANY['sent']": "shop.events.MANY['sent']",
    "shop.receivers.why_not": "shop.events.asked",
}
EVENTS = ["shop.events.Bus.halted", "shop.events.MANY['sent']", "shop.events.asked", "shop.events.paid"]


def test_a_signal_is_named_by_the_module_that_defines_it(tmp_path: Path) -> None:
    """Whoever imports a signal, by whatever name, its own name stays; each path to it is understood."""
    specimens.write(tmp_path, IMPORTED_ELSEWHERE)
    asked = ["on_save", *(f"{path}:on_save" for path in (*EVENTS, *ELSEWHERE))]
    found = specimens.ask({question: (str(tmp_path), question, None) for question in asked})
    assert sorted(found["on_save"]["signals"]) == EVENTS
    for path in EVENTS:
        assert found[f"{path}:on_save"]["signals"] == [path]
    for path, own in ELSEWHERE.items():
        assert found[f"{path}:on_save"]["signals"] == [own], path


def test_a_signal_keeps_its_name_where_nobody_saw_it_made(tmp_path: Path) -> None:
    """What a module assigns is its own, whichever modules that sort before it import it."""
    program = """
        import sys
        from django.dispatch import Signal
        from sigexplorer.capture import signals
        import first, second
        print([named.path for named, _ in signals.custom()], signals.found_at("first.b") is second.b)
    """
    files = {
        "first.py": "from second import a, b\n",
        "second.py": "from third import make\na: object = make()\nb = make()\n",
        "third.py": "from django.dispatch import Signal\ndef make(): return Signal()\n",
        "program.py": textwrap.dedent(program),
    }
    for name, code in files.items():
        (tmp_path / name).write_text(code)
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(specimens.ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "['second.a', 'second.b'] True\n", done.stderr


def test_times_are_told_in_words(answers: Answers) -> None:
    """One send is told as once; a verdict names each signal once."""
    assert answers["faulty sent by others"]["verdict"] == (
        "post_save was sent once in this run, never with its sender"
    )
    checks = {check["name"]: check for check in answers["sound sent by others"]["checks"]}
    assert checks["sent"]["evidence"] == ["post_save: it was reached once"]


def test_what_a_decorator_made_of_it_is_named(answers: Answers) -> None:
    """A receiver that is connected under another name, which its decorator gave it, is told by both."""
    checks = {check["name"]: check for check in answers["sound under a decorator"]["checks"]}
    (told,) = checks["connected"]["evidence"]
    assert told == (
        "to post_save for shop.Product at shop/receivers.py:24, as shop.receivers.plain.<locals>.wrapper:"
        " what a decorator made of it"
    )
    assert "@plain" not in json.dumps(answers["faulty under a decorator"])  # it connects nothing
    checks = {check["name"]: check for check in answers["alike"]["checks"]}
    assert checks["connected"]["state"] == "ok"
    states = {checks[name]["state"] for name in ("sent", "bypassed", "stopped")}
    assert states == {"skipped"}  # the run cannot tell one from the other
    assert "as it does others" in checks["sent"]["evidence"][0]


def test_objects_that_share_a_method_are_told(answers: Answers) -> None:
    """Each of several objects is called, and is no mistake; a dead one is told beside one that lives."""
    checks = {check["name"]: check for check in answers["sound by several objects"]["checks"]}
    assert checks["once"]["evidence"] == ["post_save: by 2 objects, each of which is called"]
    checks = {check["name"]: check for check in answers["several"]["checks"]}
    assert checks["once"]["evidence"] == ["post_save: by 2 objects, each of which is called"]
    assert answers["dead twin"]["fires"]
    assert answers["dead twin"]["verdict"] == (
        "it is connected, and would fire, but one connection of it is dead: connected to post_save"
        " at shop/receivers.py:14, it died: only Django held it, and weakly"
    )


def test_a_sender_that_some_send_as_can_match(answers: Answers) -> None:
    """A proxy is sent with where the proxy is saved: it matches in part, and is not said never to."""
    for name, asked in (
        ("a proxy", "does its sender match all that is sent?"),
        ("an abstract model", "can its sender ever match?"),
    ):
        checks = {check["name"]: check for check in answers[f"faulty {name}"]["checks"]}
        assert checks["sender"]["question"] == asked


def test_what_the_source_says_is_told_as_it_stands(answers: Answers) -> None:
    """A lazy sender has the case that it was written in; a module that is missing has its name and place."""
    assert answers["faulty a lazy sender with a typo"]["verdict"].startswith("'shop.Prodct' is no model")
    checks = {check["name"]: check for check in answers["faulty its import failed in silence"]["checks"]}
    assert (
        "shop/receivers.py:10 imports no_such_module, which could not be imported"
        in checks["imported"]["evidence"]
    )


def test_what_a_run_skipped_was_not_reached(answers: Answers) -> None:
    """A call that an earlier error kept from it is none that reached it."""
    checks = {check["name"]: check for check in answers["faulty stopped by an error before it"]["checks"]}
    assert checks["sent"]["evidence"] == ["post_save: sent with its sender once, but it was not reached"]


def test_what_was_only_counted_was_sent(answers: Answers) -> None:
    """A signal of which a run has but the number is not said never to be sent."""
    checks = {check["name"]: check for check in answers["counted"]["checks"]}
    assert checks["sent"]["evidence"] == [
        "pre_init was only counted in this run, and no call of it recorded",
        "pre_init of shop.Product only counted, 4 times",
    ]
    assert answers["counted"]["fires"]


def test_how_the_command_ended_is_in_the_verdict() -> None:
    """A run that ended with an error may not have come to what was asked about."""
    failed = Check("sent", "was it sent?", "failed", ("paid was never sent in this run",))
    told = Diagnosis("f", (), (failed,), ended=1).verdict
    assert told == "paid was never sent in this run; the command ended with 1"
    assert Diagnosis("f", (), (failed,)).verdict == "paid was never sent in this run"


def test_an_app_is_left_out_of_no_apps_too(answers: Answers) -> None:
    """Where nothing is installed, the app of the receiver is what is missing."""
    assert answers["no apps"]["fix"] == "add 'late' to INSTALLED_APPS"


def test_a_bypass_beside_calls_is_told_in_part(answers: Answers) -> None:
    """Rows that bypassed a receiver which other rows reached are neither none nor all."""
    checks = {check["name"]: check for check in answers["sound bypassed"]["checks"]}
    assert (checks["sent"]["state"], checks["bypassed"]["state"]) == ("ok", "noted")


def test_another_signal_than_the_one_it_is_connected_to_is_told(answers: Answers) -> None:
    """A receiver of one signal, asked about for another, has a decorator that ran: for its own signal."""
    answer = answers["elsewhere"]
    assert answer["reason"] == "connected"
    assert answer["verdict"] == "it is connected to post_save, not to post_init"
    assert "did not run" not in json.dumps(answer)
    assert "shop/receivers.py:6" in json.dumps(answer["checks"])


def test_a_set_up_that_fails_in_the_settings_names_them(tmp_path: Path) -> None:
    """Where no line of the project's was running, the error names the settings, and the line if it can."""
    kinds = {
        "missing": ('"shop"', '"shop", "missing"', "No module named 'missing' (site_settings.py:4)"),
        "inside": ('"shop"', '"missing.apps.Config"', "No module named 'missing' (site_settings.py:4)"),
        "unset": ('SECRET_KEY = "x"', 'LOGGING_CONFIG = "nowhere.at_all"', "(site_settings.py:2)"),
        "wrong": ('"shop"', '"shop", "shop"', "(site_settings.py)"),
    }
    for name, (before, after, _) in kinds.items():
        (tmp_path / name).mkdir()
        changed = specimens.SOUND["site_settings.py"].replace(before, after)
        specimens.write(tmp_path / name, {"site_settings.py": changed})
    found = specimens.ask({name: (str(tmp_path / name), "on_save", None) for name in kinds})
    assert {name: one["error"].endswith(kinds[name][2]) for name, one in found.items()} == dict.fromkeys(
        kinds, True
    ), found
