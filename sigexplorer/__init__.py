"""See every Django signal: which exist, when they are sent, who receives them.

What programs and tests use is imported when it is asked for, and Django with it; its types
are in ``__init__.pyi``. pytest is to leave us as we are: PYTEST_DONT_REWRITE.
"""

from importlib import import_module as _import_module

__version__ = "0.1.0"

#: What ``--version`` prints.
VERSION = f"sigexplorer {__version__}"

_TESTING = ("SignalsMixin", "Traced", "assert_connected", "inject", "mute", "only", "trace")

__all__ = ["__version__", *_TESTING]  # noqa: PLE0604 - names, all of them


def __getattr__(name: str) -> object:
    """Return what ``sigexplorer.testing`` has under that name."""
    if name not in _TESTING:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    found: object = getattr(_import_module("sigexplorer.testing"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_TESTING})
