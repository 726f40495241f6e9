"""The records that outlive a loss of power, and the map of where they are kept."""
