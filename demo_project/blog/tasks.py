"""Work for later. Django has tasks since 6.0; on 5.2 this module is empty."""

import statistics

import django

from blog.models import AuditEntry, Review

if django.VERSION >= (6, 0):
    from django.tasks import task

    @task
    def count_words(text: str) -> int:
        """Count the words of a text."""
        return len(text.split())

    @task
    def archive_audit_entries() -> int:
        """Move the audit log to the second database."""
        return AuditEntry.archive()

    @task
    def average_rating() -> float:
        """Return the mean rating of all reviews; fails while there is none, as ``fmean()`` does."""
        return statistics.fmean(Review.objects.values_list("rating", flat=True))
