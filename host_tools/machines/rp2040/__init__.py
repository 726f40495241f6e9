"""The board without a board: an emulated RP2040 that runs what would be deployed, with the plant at its pins."""
