"""Kinds of ports beside pyserial's own, found by it by their modules' names."""
