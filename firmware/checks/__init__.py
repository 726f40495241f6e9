"""What the pump watches by itself: self-tests, battery, clock, sensors and keys."""
