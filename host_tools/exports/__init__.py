"""What tools outside take: telemetry in SQLite, rows for a registry of pumps."""
