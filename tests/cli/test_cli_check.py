"""``sigexplorer check``: what it says, where, and with which exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

if TYPE_CHECKING:
    from conftest import Cli

HEAD = "from django.db.models.signals import post_delete, post_save\nfrom django.dispatch import receiver\n\n"
ERROR = "@receiver(post_save, sender='auth.User')\ndef index(sender, instance):\n    print(instance)\n"
WARNING = "@receiver(post_delete)\ndef forget(sender, **kwargs):\n    print(sender)\n"
NOTE = "@receiver(post_delete, sender='auth.User')\ndef gone(sender, **kwargs):\n    print(sender)\n"
SARIF = Path(__file__).parents[1] / "checks" / "schema" / "sarif-2.1.0.json"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in an empty folder that no project is above of."""
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    monkeypatch.chdir(tmp_path)


def write(*parts: str, name: str = "app.py") -> None:
    """Write a file in the current folder."""
    Path(name).write_text(HEAD + "\n\n".join(parts), encoding="utf-8")


def test_for_people(cli: Cli) -> None:
    """A finding shows its place, its line of source with a caret, and what to do."""
    write(ERROR)
    answer = cli("check", "app.py")
    assert answer.code == 1
    assert answer.out == (
        "app.py:5:1 SX003 error: index does not take **kwargs: the next send raises TypeError\n"
        "   5 | def index(sender, instance):\n"
        "     | ^^^^^^^^^\n"
        "      = Add '**kwargs' as the last parameter. (--fix does it)\n"
        "\n"
        "1 error in 1 file (1 can be fixed with --fix)\n"
    )


def test_nothing_found(cli: Cli) -> None:
    """A clean file is one line and exit 0."""
    write("x = 1")
    answer = cli("check", "app.py")
    assert (answer.code, answer.out, answer.err) == (0, "nothing found in 1 file\n", "")


@pytest.mark.parametrize(
    ("parts", "options", "expected"),
    [
        ((NOTE,), [], (0, 1)),
        ((NOTE,), ["--level", "note"], (1, 1)),
        ((WARNING, NOTE), [], (1, 2)),
        ((WARNING, NOTE), ["--level", "warning"], (1, 1)),
        ((WARNING, NOTE), ["--level", "error"], (0, 0)),
        ((ERROR, WARNING, NOTE), ["--level", "error"], (1, 1)),
    ],
)
def test_the_level(
    parts: tuple[str, ...], options: list[str], expected: tuple[int, int], cli: Cli, valid: Callable[..., Any]
) -> None:
    """Errors and warnings fail, notes are shown; --level reports and fails on one level and worse."""
    write(*parts)
    answer = cli("check", "app.py", "-f", "json", *options)
    assert (answer.code, len(valid(answer.out, "check")["findings"])) == expected


def test_json(cli: Cli, valid: Callable[..., Any]) -> None:
    """The JSON has the keys of the contract and names the files that were not checked."""
    write(ERROR)
    Path("bad.py").write_text("(")
    answer = cli("check", ".", "-f", "json")
    document = valid(answer.out, "check")
    assert document["schema"] == "sigexplorer.check/1"
    finding = document["findings"][0]
    assert {
        key: finding[key] for key in ("code", "file", "line", "column", "receiver", "signal", "level")
    } == {
        "code": "SX003",
        "file": "app.py",
        "line": 5,
        "column": 1,
        "receiver": "app.index",
        "signal": "django.db.models.signals.post_save",
        "level": "error",
    }
    assert [one["file"] for one in document["unread"]] == ["bad.py"]
    assert answer.err.strip() == "not checked: bad.py: syntax error: '(' was never closed (line 1)"


@pytest.mark.parametrize("parts", [(), (ERROR,), (ERROR, WARNING, NOTE)])
def test_sarif(parts: tuple[str, ...], cli: Cli) -> None:
    """SARIF is valid against the schema of the standard, also for odd file names and nothing at all."""
    write(*parts, name="a b%ü\udcff.py")
    Path("bad.py").write_bytes(b"\x00")
    document = json.loads(cli("check", ".", "-f", "sarif").out)
    schema = json.loads(SARIF.read_text(encoding="utf-8"))
    jsonschema.validators.validator_for(schema)(schema).validate(document)
    run = document["runs"][0]
    assert len(run["results"]) == len(parts)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "a%20b%25%C3%BC%FF.py"


def test_sarif_by_suffix(cli: Cli) -> None:
    """-o x.sarif writes SARIF, and the exit code stays the answer."""
    write(ERROR)
    assert cli("check", "app.py", "-o", "x.sarif").code == 1
    assert json.loads(Path("x.sarif").read_text())["version"] == "2.1.0"


def test_github(cli: Cli) -> None:
    """Annotations have a level, a place and a title; what would end a command is escaped."""
    write(WARNING, name="a,b:c%.py")
    assert cli("check", ".", "-f", "github").out == (
        "::warning file=a%2Cb%3Ac%25.py,line=4,endLine=4,col=2,endColumn=23,title=SX029::"
        "forget hears post_delete of every model: none has its fast path\n"
    )


def test_lines_and_markdown(cli: Cli) -> None:
    """Editors get a line for each finding, documents a table."""
    write(ERROR)
    line = "app.py:5:1: SX003 error: index does not take **kwargs: the next send raises TypeError\n"
    assert cli("check", "app.py", "-f", "lines").out == line
    assert "| app.py:5:1 | SX003 | error |" in cli("check", "app.py", "-f", "markdown").out


def test_hostile_source(cli: Cli) -> None:
    """Markup, escapes and text that turns around reach no terminal, in no format for people."""
    body = "    '[red]x[/red] \x1b[31m \u202e'\n"
    name = "a\x1b[31m.py"
    write(
        f"@receiver(post_delete)  # [bold] \x1b]0;t\x07 \u202e\ndef forget(sender, **kwargs):\n{body}",
        name=name,
    )
    for chosen in ("table", "lines", "github", "markdown"):
        out = cli("check", ".", "-f", chosen).out
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert "\x07" not in out
    assert "[bold]" in cli("check", ".").out


def test_select_ignore_and_configuration(cli: Cli, valid: Callable[..., Any]) -> None:
    """Options and pyproject.toml choose the rules; the file above the checked one counts."""
    write(ERROR, WARNING)

    def codes(*arguments: str) -> list[str]:
        document = valid(cli("check", "app.py", "-f", "json", *arguments).out, "check")
        return [one["code"] for one in document["findings"]]

    assert codes("--select", "SX003") == ["SX003"]
    assert codes("--ignore", "SX003,SX001") == ["SX029"]
    Path("pyproject.toml").write_text('[tool.sigexplorer.check]\nignore = ["SX029"]\nlevel = "error"\n')
    assert codes() == ["SX003"]
    Path("pyproject.toml").write_text("[tool.sigexplorer.check]\nlevle = 1\n")
    answer = cli("check", "app.py")
    assert (answer.code, answer.out) == (2, "")
    assert "unknown key in [tool.sigexplorer.check] 'levle' (nearest: level" in answer.err


def test_a_baseline(cli: Cli) -> None:
    """What was written to the baseline is not told again; what is new is."""
    write(ERROR, WARNING)
    assert cli("check", "app.py", "--baseline", "base.json", "--write-baseline").code == 0
    answer = cli("check", "app.py", "--baseline", "base.json")
    assert (answer.code, answer.out) == (0, "nothing found in 1 file; 2 in the baseline\n")
    write(WARNING, ERROR, NOTE)
    assert "1 note in 1 file; 2 in the baseline" in cli("check", "app.py", "--baseline", "base.json").out
    Path("pyproject.toml").write_text('[tool.sigexplorer.check]\nbaseline = "base.json"\n')
    assert "2 in the baseline" in cli("check", "app.py").out


def test_fix(cli: Cli) -> None:
    """--fix changes the file, says how much, and reports what is left."""
    pytest.importorskip("libcst", reason="--fix needs libcst, which is not installed here")
    write(ERROR, WARNING)
    Path("app.py").chmod(0o640)
    answer = cli("check", "app.py", "--fix")
    assert (answer.code, answer.out.splitlines()[-1]) == (1, "1 warning in 1 file; 1 fixed")
    assert "def index(sender, instance, **kwargs):" in Path("app.py").read_text()
    assert Path("app.py").stat().st_mode & 0o777 == 0o640
    assert "fixed" not in cli("check", "app.py", "--fix").out


def test_rules_are_listed_and_explained(cli: Cli, valid: Callable[..., Any]) -> None:
    """--rules lists every rule, --explain shows one by code or name, with both examples."""
    rules = valid(cli("check", "--rules", "-f", "json").out, "check")["rules"]
    listing = cli("check", "--rules").out
    assert all(rule["code"] in listing for rule in rules)
    for name in ("SX003", "sx003", "no-kwargs"):
        text = cli("check", "--explain", name).out
        assert text.startswith("SX003 no-kwargs")
        assert "def index_user(sender, instance, created):" in text
        assert "def index_user(sender, instance, created, **kwargs):" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "nowhere"), "no such file or folder: 'nowhere'"),
        (("check", "empty"), "nothing could be checked in 'empty': there is no Python file"),
        (("check", "bad.py"), "nothing could be checked in 'bad.py': bad.py: syntax error"),
        (("check",), "no Django project found"),
        (("check", "app.py", "--select", "SX999"), "unknown rule 'SX999' (nearest: SX0"),
        (("check", "app.py", "--level", "fatal"), "unknown level 'fatal' (one of error, warning, note)"),
        (("check", "app.py", "-f", "yaml"), "unknown format 'yaml'"),
        (("check", "--explain", "SX03"), "unknown rule 'SX03' (nearest: SX003, "),
        (("check", "--explain", "nokwargs"), "unknown rule 'nokwargs' (nearest: no-kwargs, "),
        (("check", "app.py", "--write-baseline"), "--write-baseline needs a file"),
        (("check", "app.py", "--baseline", "none.json"), "cannot read the baseline 'none.json'"),
        (("check", "--source-only", "--settings", "x"), "--source-only starts no project"),
    ],
)
def test_a_wrong_question(arguments: tuple[str, ...], said: str, cli: Cli) -> None:
    """What cannot be meant is one line on stderr and exit 2."""
    Path("empty").mkdir()
    Path("bad.py").write_text("(")
    write(ERROR)
    answer = cli(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert said in answer.err


def test_nothing_could_be_checked(cli: Cli) -> None:
    """Every file is named, in a line each, and the last line says that there is none."""
    for name in ("a.py", "b\n.py"):
        Path(name).write_text("(")
    Path("c.py").write_bytes(b"\x00")
    answer = cli("check", ".")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        "not checked: a.py: syntax error: '(' was never closed (line 1)\n"
        "not checked: b\\n.py: syntax error: '(' was never closed (line 1)\n"
        "not checked: c.py: cannot be parsed: it has NUL bytes\n"
        "sigexplorer: nothing could be checked in '.': none of 3 files can be read "
        "(name a Python file or a folder of them)\n"
    )


def test_fix_of_a_file_that_is_read_only(cli: Cli) -> None:
    """It is left as it is, and a line says so."""
    pytest.importorskip("libcst", reason="--fix needs libcst, which is not installed here")
    write(ERROR)
    Path("app.py").chmod(0o444)
    before = Path("app.py").read_text()
    answer = cli("check", "app.py", "--fix")
    assert (answer.code, answer.err) == (1, "not fixed: app.py: it is read-only\n")
    assert Path("app.py").read_text() == before


def test_the_pre_commit_hook(cli: Cli) -> None:
    """The command of the pre-commit hook takes files and fails on what is wrong."""
    hooks = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text()
    words = hooks.partition("entry: sigexplorer ")[2].partition("\n")[0].split()
    write(ERROR)
    assert cli(*words, "app.py").code == 1
    write("x = 1")
    assert cli(*words, "app.py").code == 0


def test_one_file_of_an_app(cli: Cli) -> None:
    """Its neighbours are looked at, and nothing is found in them: nobody imports the one that is named."""
    Path("blog").mkdir()
    for name in ("__init__", "models", "apps", "receivers"):
        write(NOTE if name == "receivers" else ERROR if name == "apps" else "x = 1", name=f"blog/{name}.py")
    named = cli("check", "blog/models.py", "blog/receivers.py", "-f", "lines").out
    assert named == "".join(
        line
        for line in cli("check", "blog", "-f", "lines").out.splitlines(keepends=True)
        if "apps" not in line
    )
    assert "SX001" in named
    Path("blog/urls.py").write_text("from blog import receivers\n")
    assert "SX001" not in cli("check", "blog/receivers.py").out


def test_a_narrow_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """On few columns the source is cut, not the place nor the code."""
    monkeypatch.setenv("COLUMNS", "40")
    write(f"@receiver(post_delete)\ndef forget(sender, **kwargs):\n    print('{'x' * 300}')\n")
    assert "app.py:4:2 SX029" in cli("check", "app.py").out
