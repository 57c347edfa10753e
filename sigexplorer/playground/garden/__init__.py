"""An application that connects to class_prepared where most receivers are connected: too late."""
