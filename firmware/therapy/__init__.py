"""What is ordered becomes what the motor does."""
