"""From orders to motor steps."""
