"""Mistakes in signal code: facts read from source and from a running project, rules over them."""
