"""Checks of a running scenario from outside: the orders against what the plant, the log and the pump's words show."""
