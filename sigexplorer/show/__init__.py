"""Show what was recorded; this half of the program does not know Django."""
