"""The pages, one module for each part of Django that sends."""
