"""A real board: build its files, write them to it, and speak with its REPL."""
