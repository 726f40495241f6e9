"""What a programmer may order, in the order of one table (table.py)."""
