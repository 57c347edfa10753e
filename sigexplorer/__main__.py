"""The command ``sigexplorer``, also as ``python -m sigexplorer``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        from sigexplorer.cli.run import run  # nothing is imported before it is needed

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # also while we are still being imported
        sys.exit(130)


if __name__ == "__main__":
    main()
