"""Observe Django's dispatch without being noticed, and put what is seen into records."""
