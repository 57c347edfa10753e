"""Django projects: start them, and look at what they have registered."""
