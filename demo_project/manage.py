#!/usr/bin/env python
"""Django's command line for the blog, with its databases on disk."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run one command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo.on_disk")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
