"""The monitor that can inhibit the motor, and the alarms."""
