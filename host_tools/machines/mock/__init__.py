"""The firmware on mock drivers with the plant behind them, on one virtual clock."""
