"""The wire between pump and programmer, declared once."""
