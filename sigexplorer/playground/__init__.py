"""The bundled project, booted in this process, and what can be made to happen in it."""
