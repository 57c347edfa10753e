"""See every Django signal: which exist, when they are sent, who receives them."""

__version__ = "0.1.0"

#: What ``--version`` prints.
VERSION = f"sigexplorer {__version__}"
