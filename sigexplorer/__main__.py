"""The command ``sigexplorer``, also as ``python -m sigexplorer``."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.argv[1:2] == ["trace"] and sys.argv[2:3] not in ([], ["-h"], ["--help"]):
        from sigexplorer.cli.trace import main as trace  # nothing is imported before it is needed

        program = trace(sys.argv[2:])
        if isinstance(program, int):
            sys.exit(program)
        problems: list[BaseException] = []
        try:  # here, because what lies below it on the stack the program can see
            program.give_room()
            program.call(*program.arguments)
        except BaseException as problem:  # noqa: BLE001 - how the program ends is its own affair
            problems.append(problem)
        sys.exit(program.ended(problems))
    try:
        if "_SIGEXPLORER_COMPLETE" in os.environ:  # a shell asks what may follow
            _offer()
        from sigexplorer import garbage

        garbage.wait()
        from sigexplorer.cli.run import run

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # also while we are still being imported
        sys.exit(130)


def _offer() -> None:
    from sigexplorer.cli.completing import offered

    found = offered()
    if found is not None:
        sys.stdout.write(found[0])
        sys.exit(found[1])


if __name__ == "__main__":
    main()
