"""Shared by all rooms, the programmer included: durations in words, private files."""
