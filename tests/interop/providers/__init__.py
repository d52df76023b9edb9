"""Servers nobody here wrote, each brought up by one command and recorded over the same table of conversations."""
