"""What is named is judged with what the rest of its project says of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from specimen_files import write_files

from sigexplorer.checks import around, checking
from sigexplorer.checks.configuration import Configuration

SIGNALS = "# file: shop/events.py\nfrom django.dispatch import Signal\npaid = Signal()\nname = 'paid'\n"
RECEIVER = """# file: shop/receivers.py
from django.dispatch import receiver
from shop.events import paid

@receiver(paid)
def note(sender, order, amount, **kwargs):
    print(order, amount, kwargs["by"], kwargs.get("where"))
"""
SEND = "# file: till/views.py\nfrom shop import events\n\ndef pay(order):\n    events.paid.send(order, {})\n"


def found(folder: Path, *named: str) -> list[tuple[str, str]]:
    """Return the file and code of every finding but that of a module that nobody imports."""
    report = checking.check(checking.read([folder / one for one in named]), Configuration())
    return [(Path(one.file).name, one.code) for one in report.findings if one.code != "SX001"]


def project(folder: Path, *parts: str) -> None:
    """Write a project of two apps."""
    write_files(folder, "\n".join(parts))
    (folder / "manage.py").write_text("print(1)\n")


@pytest.mark.parametrize("named", ["shop/receivers.py", "shop", "."])
@pytest.mark.parametrize(("sent", "count"), [("order=order, amount=1, by=2", 0), ("order=order", 2)])
def test_sends_elsewhere(tmp_path: Path, named: str, sent: str, count: int) -> None:
    """A send in a file that was not named is seen, and what is found is the same as for the whole project."""
    project(tmp_path, SIGNALS, RECEIVER, SEND.format(sent))
    assert found(tmp_path, named) == [("receivers.py", "SX031")] * count


def test_nothing_is_found_in_what_was_not_named(tmp_path: Path) -> None:
    """The rest of the project is knowledge: neither its findings nor its broken files are told."""
    project(tmp_path, SIGNALS, RECEIVER, SEND.format("order=1"), "# file: shop/broken.py\n(")
    assert found(tmp_path, "till") == []
    assert checking.read([tmp_path / "till"]).unread == ()
    assert len(checking.read([tmp_path / "shop" / "receivers.py"]).files) == 1


FIRE = {
    "function": "def fire(signal, **named):\n    signal.send(None, **named)\nfire(paid, by=1)",
    "module": "def fire(signal, by):\n    signal.send(None, by=by)\nfire(events.paid, by=1)",
    "attribute": "class Till:\n    signal = paid\n    def pay(self):\n        self.signal.send(self, by=1)",
    "loop": "for one in (paid,):\n    one.send_robust(None, by=1)",
    "getattr": "def pay(name):\n    getattr(events, name).send(None, **{'by': 1})",
    "table": "table = {'paid': paid}\ndef pay(name):\n    table[name].send(None, by=1)",
    "no-word-of-signals": "hand_on(paid)",
}


@pytest.mark.parametrize("send", FIRE.values(), ids=FIRE)
def test_a_signal_as_a_value(tmp_path: Path, send: str) -> None:
    """Where a signal is handed on nobody can see every send, and nothing is said."""
    head = "from shop.events import paid\n" if "events" not in send else "from shop import events\n"
    project(tmp_path, SIGNALS, RECEIVER, SEND.format("order=1"), f"# file: till/fire.py\n{head}{send}")
    assert found(tmp_path, ".") == []


def test_a_file_of_no_project(tmp_path: Path) -> None:
    """A file that belongs to nothing says nothing of what its signals are sent with."""
    text = f"{SIGNALS}from django.dispatch import receiver\n{RECEIVER.partition('paid')[2]}"
    text += "paid.send(1, order=1)\n"
    (tmp_path / "alone.py").write_text(text)
    assert found(tmp_path, "alone.py") == []
    assert found(tmp_path, ".") == [("alone.py", "SX031")] * 2


def test_too_much_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More files than anybody waits for are not read, and what needs them is not told."""
    monkeypatch.setattr(around, "MOST", 2)
    project(tmp_path, SIGNALS, RECEIVER, SEND.format("order=1"))
    assert found(tmp_path, "shop/receivers.py") == []


@pytest.mark.parametrize(
    ("mark", "file", "root"),
    [
        ("manage.py", "shop/deep/a.py", "."),
        ("pyproject.toml", "src/shop/a.py", "."),
        ("venv/pyvenv.cfg", "venv/lib/a.py", "venv/lib"),
        ("pyproject.toml", "venv/site-packages/pack/a.py", "venv/site-packages/pack"),
    ],
)
def test_the_folder_of_the_project(tmp_path: Path, mark: str, file: str, root: str) -> None:
    """It is marked, or the outermost package; an installed package does not belong to the project around."""
    write_files(tmp_path, f"# file: {file}\nx = 1")
    if root == "venv/lib":
        (tmp_path / "venv/lib/__init__.py").unlink()
    (tmp_path / mark).touch()
    assert Path(around.root_of(tmp_path / file)) == tmp_path / root


@pytest.mark.parametrize(
    ("mark", "module"),
    [("manage.py", "back.shop.a"), ("pyproject.toml", "shop.a"), ("back/manage.py", "shop.a")],
)
def test_where_modules_are_imported_from(tmp_path: Path, mark: str, module: str) -> None:
    """It is the place of manage.py, else a folder that is named and no package."""
    write_files(tmp_path, "# file: back/shop/a.py\nx = 1")
    (tmp_path / mark).touch()
    assert module in {file.module for file in checking.read([tmp_path / "back"]).files}


def test_receivers_that_others_would_misread(tmp_path: Path) -> None:
    """A file is of the tests, and of its package, though it is named alone and from inside of it."""
    text = (
        "from django.db.models.signals import post_save\n\ndef note(sender, **kwargs):\n    pass\n\n"
        "def quiet():\n    post_save.disconnect(note)\n    work()\n    post_save.connect(note)\n"
    )
    write_files(tmp_path, f"# file: pack/test/utils.py\n{text}\n# file: pack/__init__.py\n")
    assert found(tmp_path, "pack") == []
    assert found(tmp_path, "pack/test/utils.py") == []
    assert found(tmp_path, "pack/test") == []
