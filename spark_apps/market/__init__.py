"""What happened: trades, bars, returns."""
