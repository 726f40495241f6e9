"""Whole lives of pumps drawn from a seed, with people who make mistakes, and the search for what goes wrong in them."""
