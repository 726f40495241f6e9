"""Data for tools outside: telemetry in SQLite, rows for a pump registry."""
