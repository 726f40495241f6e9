"""What outlives a loss of power, and where in the store it is kept."""
