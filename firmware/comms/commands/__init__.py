"""The commands of a programmer, by one table (table.py)."""
