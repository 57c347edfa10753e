"""The user's program: what was typed, made out and run in this process.

    program = resolve(["manage.py", "migrate"])
    restart(program)  # only where the interpreter must have other options; does not return then
    sys.exit(run(program))

Standard library only, and as little of it as there is: what is imported before the program
begins, the program can see.
"""

from sigexplorer.project.program.interpreter import restart
from sigexplorer.project.program.resolving import resolve
from sigexplorer.project.program.running import Prepared, run
from sigexplorer.project.program.what import Kind, Program

__all__ = ["Kind", "Prepared", "Program", "resolve", "restart", "run"]
