"""Checks of a running scenario from outside: what was ordered against what the plant, the log and the pump's words show."""
