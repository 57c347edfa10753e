"""Which findings count: ignore comments, pyproject.toml, a baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from specimen_files import write_files

from sigexplorer.checks import baseline, checking, configuration
from sigexplorer.checks.configuration import Configuration
from sigexplorer.errors import SigexplorerError

if TYPE_CHECKING:
    from conftest import Checked

    from sigexplorer.findings import Finding

HEAD = "from django.db.models.signals import post_delete, post_save\nfrom django.dispatch import receiver\n"
KNOWN = checking.codes()


def found(folder: Path, chosen: Configuration) -> list[tuple[str, str]]:
    """Return the files and codes of what is found."""
    report = checking.check(checking.read([folder]), chosen)
    return [(Path(one.file).name, one.code) for one in report.findings]


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("def index(sender, instance):", ["SX003"]),
        ("def index(sender, instance):  # sigexplorer: ignore[SX003]", []),
        ("def index(sender, instance):  # sigexplorer: ignore[sx003, SX040]", ["SX090"]),
        ("def index(sender, instance):  # sigexplorer: ignore", []),
        ("def index(sender, instance):  # noqa: E501  # sigexplorer:ignore[SX003] - on purpose", []),
        ("def index(sender, instance):  # sigexplorer: ignore[SX040]", ["SX003", "SX090"]),
        ("def index(sender, instance):  # sigexplorer: ignore[WRONG]", ["SX003", "SX090"]),
        ("def index(sender, instance, text='# sigexplorer: ignore'):", ["SX003"]),
        ("def index(sender, **kwargs):  # sigexplorer: ignore", ["SX090"]),
    ],
)
def test_an_ignore_comment(line: str, codes: list[str], checked: Checked) -> None:
    """It hides what is found in its line, by code or altogether, and is noted where it hides nothing."""
    report = checked(f"{HEAD}\n@receiver(post_save, sender='auth.User')\n{line}\n    print(sender)\n")
    assert [one.code for one in report.findings] == codes


@pytest.mark.parametrize(
    "head",
    [
        "@receiver(post_save, sender='auth.User')  # COMMENT\ndef index(sender, instance):\n",
        "@receiver(post_save, sender='auth.User')\ndef index(\n    sender,\n    instance,  # COMMENT\n):\n",
        "@receiver(post_save, sender='auth.User')\ndef index(\n    sender, instance\n):  # COMMENT\n",
        "@receiver(\n    post_save,  # COMMENT\n    sender='auth.User',\n)\ndef index(sender, instance):\n",
    ],
    ids=["decorator", "parameter", "last", "in-the-decorator"],
)
def test_an_ignore_comment_in_the_head_of_a_function(head: str, checked: Checked) -> None:
    """It may stand in any line of a function's head, decorators included, and not in its body."""
    body = "    print(sender)\n"
    assert checked(f"{HEAD}\n{head.replace('COMMENT', 'sigexplorer: ignore[SX003]')}{body}").findings == ()
    below = checked(f"{HEAD}\n{head}{body.rstrip()}  # sigexplorer: ignore[SX003]\n").findings
    assert [one.code for one in below if one.code != "SX031"] == ["SX003", "SX090"]


def test_a_comment_that_another_rule_may_need(tmp_path: Path) -> None:
    """Where rules are left out a comment without codes may be theirs."""
    write_files(tmp_path, "x = 1  # sigexplorer: ignore\n")
    assert found(tmp_path, Configuration()) == [("receivers.py", "SX090")]
    assert found(tmp_path, Configuration(ignore=("SX003",))) == []


def test_an_ignore_comment_of_no_rule(checked: Checked) -> None:
    """A code that no rule has is told, also beside one that ignores something."""
    line = "def index(sender, instance):  # sigexplorer: ignore[SX003, SX777]"
    source = f"{HEAD}\n@receiver(post_save, sender='auth.User')\n{line}\n    print(sender)\n"
    [finding] = checked(source).findings
    assert (finding.code, finding.message) == ("SX090", "no rule is called 'SX777'")


def test_an_ignore_comment_of_a_call_over_several_lines(checked: Checked) -> None:
    """It may stand in any line of the call that was found."""
    report = checked(
        f"{HEAD}\ndef index(sender, **kwargs):\n    print(sender)\n\npost_delete.connect(\n"
        "    index,  # sigexplorer: ignore[SX029]\n    dispatch_uid='x',\n)\n"
    )
    assert report.findings == ()


WRONG = f"{HEAD}\n@receiver(post_delete)\ndef index(sender, instance):\n    print(instance)\n"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("", [("a.py", "SX003"), ("a.py", "SX029"), ("b.py", "SX003"), ("b.py", "SX029")]),
        ('select = ["SX003"]', [("a.py", "SX003"), ("b.py", "SX003")]),
        ('select = ["SX00"]', [("a.py", "SX003"), ("b.py", "SX003")]),
        ('ignore = ["SX003"]', [("a.py", "SX029"), ("b.py", "SX029")]),
        ('per-file-ignores = {"blog/a.py" = ["SX"]}', [("b.py", "SX003"), ("b.py", "SX029")]),
        ('per-file-ignores = {"*/b.py" = ["SX029"], "a.py" = ["SX0"]}', [("b.py", "SX003")]),
    ],
)
def test_the_configuration(table: str, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    """The nearest pyproject.toml selects rules, by code or by how codes begin, and leaves out files."""
    write_files(tmp_path, f"# file: blog/a.py\n{WRONG}\n# file: blog/b.py\n{WRONG}")
    (tmp_path / "pyproject.toml").write_text(f"[tool.sigexplorer.check]\n{table}\n")
    chosen = configuration.read(tmp_path / "blog", KNOWN)
    assert sorted(found(tmp_path, chosen)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.sigexplorer.check]\nselct = []", "unknown key"),
        ("[tool.sigexplorer.check]\nselect = 3", "no list of codes"),
        ("[tool.sigexplorer.check]\nselect = ['SX999']", "unknown rule 'SX999'"),
        ("[tool.sigexplorer.check]\nlevel = 'fatal'", "unknown level 'fatal'"),
        ("[tool.sigexplorer.check]\nper-file-ignores = []", "no table"),
        ("[tool.sigexplorer.check]\nper-file-ignores = {a = 'SX003'}", "no list of codes"),
        ("[tool.sigexplorer.check]\nbaseline = 1", "no path"),
        ("[tool.sigexplorer]\ncheck = 1", "no table"),
        ("[tool.sigexplorer.chek]\nselect = []", "unknown key in .tool.sigexplorer. 'chek'.*nearest: check"),
        ("[tool]\nsigexplorer = 3", "no table"),
        ("[tool.sigexplorer.check\n", "cannot read"),
    ],
)
def test_a_configuration_that_cannot_be_meant(text: str, message: str, tmp_path: Path) -> None:
    """A key, code, level or type that does not exist is an error, and so is broken TOML."""
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(SigexplorerError, match=message):
        configuration.read(tmp_path, KNOWN)


def test_the_command_line_goes_first() -> None:
    """--select and --level stand instead of the configuration's, --ignore beside it."""
    configured = Configuration(select=("SX003",), ignore=("SX004",), level="note")
    chosen = configuration.override(configured, ["SX00,SX010"], [], "error", KNOWN)
    assert (chosen.select, chosen.ignore, chosen.level) == (("SX00", "SX010"), (), "error")
    kept = configuration.override(configured, [], ["SX005"], None, KNOWN)
    assert (kept.select, kept.ignore, kept.level) == (("SX003",), ("SX004", "SX005"), "note")


def findings(folder: Path) -> tuple[Finding, ...]:
    """Return what is found in a folder."""
    return checking.check(checking.read([folder]), Configuration()).findings


def test_a_baseline_survives_moved_lines(tmp_path: Path) -> None:
    """What a baseline holds is left out when it moves to another line; a second one like it is not."""
    write_files(tmp_path, WRONG)
    known = tmp_path / "baseline.json"
    known.write_text(baseline.write(findings(tmp_path), tmp_path))
    write_files(tmp_path, f"# a comment\n\n{WRONG}")
    assert baseline.subtract(findings(tmp_path), baseline.read(known), tmp_path) == []
    again = "\n@receiver(post_delete)\ndef other(sender, instance):\n    print(instance)\n"
    write_files(tmp_path, WRONG + again)
    left = baseline.subtract(findings(tmp_path), baseline.read(known), tmp_path)
    assert [(one.code, one.receiver) for one in left] == [
        ("SX029", "blog.receivers.other"),
        ("SX003", "blog.receivers.other"),
    ]


def test_a_baseline_of_what_names_a_line(tmp_path: Path) -> None:
    """A message that names a line is known again when that line moves."""
    text = f"{HEAD}\n@receiver(post_save)\ndef log(**kwargs):\n    print(1)\n\n\ndef log():\n    print(2)\n"
    write_files(tmp_path, text)
    before = findings(tmp_path)
    assert [one.code for one in before] == ["SX005"]
    known = tmp_path / "baseline.json"
    known.write_text(baseline.write(before, tmp_path))
    write_files(tmp_path, f"# a comment\n{text}")
    assert baseline.subtract(findings(tmp_path), baseline.read(known), tmp_path) == []


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"schema": "x"}', '{"schema": "sigexplorer.baseline/1"}', "\x00"]
)
def test_a_file_that_is_no_baseline(text: str, tmp_path: Path) -> None:
    """It is an error that says so."""
    file = tmp_path / "baseline.json"
    file.write_text(text)
    with pytest.raises(SigexplorerError, match="is no baseline"):
        baseline.read(file)
    with pytest.raises(SigexplorerError, match="cannot read the baseline"):
        baseline.read(tmp_path / "nowhere.json")
