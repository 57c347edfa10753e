"""The project around the blog: settings, URLs and entry points."""
