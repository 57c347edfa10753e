"""The command ``sigexplorer``, also as ``python -m sigexplorer``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.argv[1:2] == ["trace"] and sys.argv[2:3] not in ([], ["-h"], ["--help"]):
        from sigexplorer.cli import tracing  # nothing is imported before it is needed

        sys.exit(tracing.main(sys.argv[2:]))  # how the program ends is its own affair
    try:
        from sigexplorer.cli.run import run

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # also while we are still being imported
        sys.exit(130)


if __name__ == "__main__":
    main()
