"""A trace, or a document, on a terminal."""
