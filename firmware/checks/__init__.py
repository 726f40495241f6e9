"""Checks that the pump makes by itself: self-tests, battery, clock, sensors and keys."""
