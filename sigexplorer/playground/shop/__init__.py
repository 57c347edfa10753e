"""A small shop: signals and models of stories that the blog has no need of."""
