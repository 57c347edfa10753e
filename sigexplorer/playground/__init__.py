"""Where stories run: the bundled project, booted in this process, or test databases of the user's."""
