"""``sigexplorer check``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from sigexplorer import garbage
from sigexplorer.cli import options
from sigexplorer.cli.declare import Argument, Option
from sigexplorer.errors import NothingCheckedError, ProjectError, SetUpError, UsageError
from sigexplorer.findings import LEVELS, Finding, Report, at_least
from sigexplorer.show.text import safe

if TYPE_CHECKING:
    from sigexplorer.checks.checking import Read
    from sigexplorer.checks.configuration import Configuration
    from sigexplorer.checks.live import Live
    from sigexplorer.project.find import Project


_LINE = 500  # characters of a file's name, and of why it was not checked

Paths = Annotated[list[Path] | None, Argument(help="Files and folders; without one, those of your project.")]
Select = Annotated[list[str] | None, Option("--select", help="Only these rules.", metavar="CODE,...")]
Ignore = Annotated[list[str] | None, Option("--ignore", help="Not these rules.", metavar="CODE,...")]
_LEVEL = f"Report and fail on this and worse: {', '.join(LEVELS)}."
Lowest = Annotated[str | None, Option("--level", help=_LEVEL, metavar="LEVEL")]
Fix = Annotated[bool, Option("--fix", help="Put right what is certain.")]
Baseline = Annotated[Path | None, Option("--baseline", help="Findings to leave out.", metavar="FILE")]
WriteBaseline = Annotated[bool, Option("--write-baseline", help="Write what is found to the baseline.")]
Explain = Annotated[str | None, Option("--explain", help="Explain a rule, with examples.", metavar="CODE")]
Rules = Annotated[bool, Option("--rules", help="List the rules.")]
SourceOnly = Annotated[bool, Option("--source-only", help="Start no project, whatever the environment says.")]


def check(
    paths: Paths = None,
    select: Select = None,
    ignore: Ignore = None,
    level: Lowest = None,
    fix: Fix = False,
    baseline: Baseline = None,
    write_baseline: WriteBaseline = False,
    explain: Explain = None,
    rules: Rules = False,
    source_only: SourceOnly = False,
    settings: options.Settings = None,
    pythonpath: options.PythonPath = None,
    demo: options.Demo = False,
    format_name: options.Format = None,
    output: options.Output = None,
) -> int:
    """Find mistakes in signal code; exit 1 on errors and warnings."""
    if explain is not None or rules:
        return _tell(explain, format_name, output)
    where = _Where(tuple(paths or ()), settings, pythonpath, demo=demo, source_only=source_only)
    found, live, fault = _project(where)
    configuration = _configuration(found, select, ignore, level)
    known = baseline or (Path(configuration.baseline) if configuration.baseline else None)
    report = _checked(found, configuration, live, None if write_baseline else known, fix=fix)
    code = _exit_code(report, configuration)
    if fault and (write_baseline or not code):
        raise fault  # nothing was found that may be why
    if write_baseline:
        return _write_baseline(report, known)
    _answer(report, format_name, output)
    if fault:
        _told(fault)
    return code


@dataclass(frozen=True, slots=True)
class _Where:
    """What is to be checked, as it was typed."""

    paths: tuple[Path, ...]
    settings: str | None
    pythonpath: Path | None
    demo: bool
    source_only: bool


def _project(where: _Where) -> tuple[tuple[Path, ...], Live | None, SetUpError | None]:
    """Return the paths to check, and what the running project knows where one was asked for.

    One that fails to be set up may do so because of what the rules find: its error comes last.
    """
    from sigexplorer.cli.opening import find_project

    named = where.settings is not None or where.demo
    if where.source_only:
        if named:
            raise UsageError("--source-only starts no project", "leave --settings and --demo out")
        return where.paths or (Path(),), None, None
    if where.paths and not named and not os.environ.get("DJANGO_SETTINGS_MODULE"):
        return where.paths, None, None
    project = find_project(where.settings, where.pythonpath, demo=where.demo)
    live, fault = _started(project, needed=named or not where.paths)
    return where.paths or (project.folder,), live, fault


def _started(project: Project, *, needed: bool) -> tuple[Live | None, SetUpError | None]:
    """Set a project up; one that only the environment names may fail where there is source to check."""
    from sigexplorer.project import start

    try:
        start.start(project.settings, project.folder)
    except ProjectError as problem:
        if needed and isinstance(problem, SetUpError):
            return None, problem
        if needed:
            raise
        _told(problem)
        return None, None
    from sigexplorer.checks import running

    return running.look(), None


def _told(fault: ProjectError) -> None:
    """Say in one line beside the findings that the project could not be set up."""
    sys.stderr.write(f"source only: {safe(fault.message, _LINE)}\n")


def _configuration(
    paths: tuple[Path, ...], select: list[str] | None, ignore: list[str] | None, level: str | None
) -> Configuration:
    from sigexplorer.checks import checking, configuration

    known = checking.codes()
    return configuration.override(
        configuration.read(paths[0], known), select or [], ignore or [], level, known
    )


def _checked(
    paths: tuple[Path, ...],
    configuration: Configuration,
    live: Live | None,
    baseline: Path | None,
    *,
    fix: bool,
) -> Report:
    """Check, fix what was asked for and check again, leave out what the baseline has."""
    from sigexplorer.checks import checking

    subtract = _subtracting(baseline)

    def report() -> Report:
        source = _read(paths)
        garbage.settle()  # what was read stays until we end
        found = checking.check(source, configuration, live)
        lowest = configuration.level or "note"
        shown = [one for one in found.findings if at_least(one.level, lowest)]
        new = subtract(shown)
        return replace(found, findings=tuple(new), baselined=len(shown) - len(new))

    first = report()
    if not fix or not _fix(first.findings):
        return first
    second = report()
    return replace(second, fixed=max(0, len(first.findings) - len(second.findings)))


def _read(paths: tuple[Path, ...]) -> Read:
    """Read what is to be checked; where nothing can be, say of each file why."""
    from sigexplorer.checks import checking

    try:
        return checking.read(paths)
    except NothingCheckedError as problem:
        for one in problem.unread if len(problem.unread) > 1 else ():
            sys.stderr.write(f"not checked: {safe(one, 2 * _LINE)}\n")
        raise


def _subtracting(baseline: Path | None) -> Callable[[list[Finding]], list[Finding]]:
    """Return what leaves out the findings that a baseline has."""
    if baseline is None:
        return list
    from sigexplorer.checks import baseline as baselines

    known = baselines.read(baseline)
    return lambda shown: list(baselines.subtract(shown, known, baseline.parent))


def _fix(findings: tuple[Finding, ...]) -> bool:
    from sigexplorer.checks import fixing
    from sigexplorer.show.files import write_bytes

    changed = fixing.fix(findings)
    for file in [one for one in changed if fixing.is_read_only(one)]:
        sys.stderr.write(f"not fixed: {safe(str(file), _LINE)}: it is read-only\n")
        del changed[file]
    for file, content in changed.items():
        write_bytes(file, [content])
    return bool(changed)


def _write_baseline(report: Report, file: Path | None) -> int:
    from sigexplorer.checks import baseline
    from sigexplorer.cli.output import hint
    from sigexplorer.show.files import write_file
    from sigexplorer.show.text import plural

    if file is None:
        raise UsageError("--write-baseline needs a file", "name it with --baseline, or in pyproject.toml")
    write_file(file, [baseline.write(report.findings, file.parent)])
    hint(f"{file}: {plural(len(report.findings), 'finding')}")
    return 0


def _answer(report: Report, format_name: str | None, output: Path | None) -> None:
    import sigexplorer
    from sigexplorer.checks import checking
    from sigexplorer.cli.output import emit, to_json
    from sigexplorer.show import findings
    from sigexplorer.show.exporters import findings as exporters
    from sigexplorer.show.exporters import markdown
    from sigexplorer.show.views import findings as view

    writers = {
        "json": lambda: to_json(_record(report)),
        "github": lambda: exporters.github(report),
        "sarif": lambda: exporters.sarif(report, checking.pages(), sigexplorer.__version__),
        "lines": lambda: exporters.lines(report),
        "markdown": lambda: markdown.write(findings.table(report)),
    }
    emit(lambda width: view.render(report, width), writers, format_name, output)
    for one in report.unread:
        sys.stderr.write(f"not checked: {safe(one.file, _LINE)}: {safe(one.reason, _LINE)}\n")


def _record(report: Report) -> dict[str, Any]:
    return {
        "schema": "sigexplorer.check/1",
        "findings": [asdict(one) for one in report.findings],
        "unread": [asdict(one) for one in report.unread],
        "summary": {"files": report.files, "baselined": report.baselined, "fixed": report.fixed},
    }


def _exit_code(report: Report, configuration: Configuration) -> int:
    lowest = configuration.level or "warning"
    return 1 if any(at_least(one.level, lowest) for one in report.findings) else 0


def _tell(code: str | None, format_name: str | None, output: Path | None) -> int:
    """Explain one rule, or list them all."""
    from sigexplorer.checks import checking
    from sigexplorer.cli.output import emit, to_json
    from sigexplorer.show import findings
    from sigexplorer.show.exporters import markdown
    from sigexplorer.show.views import document

    pages = checking.pages() if code is None else (checking.page(code),)
    shown = findings.rules(pages) if code is None else findings.rule(pages[0])
    record = {"schema": "sigexplorer.check-rules/1", "rules": [asdict(page) for page in pages]}
    writers = {"json": lambda: to_json(record), "markdown": lambda: markdown.write(shown)}
    emit(lambda width: document.render(shown, width), writers, format_name, output)
    return 0
