"""A trace, or a document, as the text of a file."""
