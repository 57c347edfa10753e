"""What is noted while a program runs, and how it becomes records afterwards: no live object, no Django."""
