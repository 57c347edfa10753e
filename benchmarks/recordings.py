"""What it takes to show and to export a long recording."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import PROGRAMS, Row, Setting, cpu, ran, told

_ROUNDS = 3  # of what takes long


def rows(setting: Setting) -> Iterator[Row]:
    """Record once, and show what was recorded in several ways."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "long.jsonl"
        environment = setting.environment()
        ours = [setting.python, "-m", "sigexplorer"]
        program = [str(PROGRAMS / "sending.py"), str(setting.scale)]
        cpu([*ours, "trace", "--no-keep", "-o", str(file), "--", *program], environment)
        plain = [told(setting, "lines", str(file)) for _ in range(min(_ROUNDS, setting.rounds))]
        group = f"a recording of {setting.scale:,} dispatches ({file.stat().st_size / 2**20:,.0f} MiB)"
        used = [ran([*ours, "show", str(file), "-c"], environment) for _ in plain]
        summary = tuple(
            (one.ru_utime + one.ru_stime) / (other["loads"] / 1e9)
            for one, other in zip(used, plain, strict=True)
        )
        yield Row(group, "summary, to json.loads of its lines", 0.5, summary)
        memory = tuple(one.ru_maxrss / 1024 for one in used)
        yield Row(group, "summary, peak memory", 64.0, memory, unit="MiB")
        for name, suffix in (("HTML", "html"), ("Chrome trace", "chrome.json")):
            export = [*ours, "show", str(file), "-o", str(Path(folder) / f"long.{suffix}")]
            used = [ran(export, environment) for _ in plain]
            ratios = tuple(
                (one.ru_utime + one.ru_stime) / (other["dumps"] / 1e9)
                for one, other in zip(used, plain, strict=True)
            )
            yield Row(group, f"{name}, to json.dumps of its records", 1.0, ratios)
            memory = tuple(one.ru_maxrss / 1024 for one in used)
            yield Row(group, f"{name}, peak memory", 64.0, memory, unit="MiB")
