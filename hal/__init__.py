"""The contract between the pump's brain and its bodies, and the bodies."""
