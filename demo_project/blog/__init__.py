"""A small blog: people write posts, tag them, publish them and comment on them."""
