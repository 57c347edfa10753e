"""Who lives in the playground, for a moment."""

from __future__ import annotations

PASSWORD = "wonderland-42"  # noqa: S105 - of a user of an in-memory database
MISTYPED = "wonderland-24"
ONE_TIME_CODE = "123456"
