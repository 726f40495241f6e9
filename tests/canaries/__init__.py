"""Bugs planted one by one, to show that the campaign of random lives finds each."""
