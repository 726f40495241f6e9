"""What the rooms above share and none of them owns: durations in words, private files."""
