"""Where trace's own words end."""

from __future__ import annotations

import pytest

from sigexplorer.cli.splitting import split

VALUED = frozenset({"-e", "-s", "--min", "--output"})


@pytest.mark.parametrize(
    ("words", "options", "command"),
    [
        ("-- manage.py migrate", "", "manage.py migrate"),
        ("-e %save -v -- manage.py test -- x", "-e %save -v", "manage.py test -- x"),
        ("-e %save -v manage.py test -- x", "-e %save -v", "manage.py test -- x"),
        ("-e%save pytest -k x", "-e%save", "pytest -k x"),
        ("-ve %save pytest", "-ve %save", "pytest"),
        ("-vs80 pytest", "-vs80", "pytest"),
        ("--min 5ms pytest --min 3", "--min 5ms", "pytest --min 3"),
        ("--min=5ms pytest", "--min=5ms", "pytest"),
        ("--unknown pytest", "--unknown", "pytest"),
        ("--help", "--help", ""),
        ("-e", "-e", ""),
        ("-e --", "-e --", ""),
        ("-- -m module -x", "", "-m module -x"),
        ("-- -- x", "", "-- x"),
        ("- x", "", "- x"),
        ("--", "", ""),
        ("", "", ""),
    ],
)
def test_the_command_begins_where_the_options_end(words: str, options: str, command: str) -> None:
    """Options stand before the command, which keeps all that follows, options and dashes included."""
    assert split(words.split(), VALUED) == (options.split(), command.split())
