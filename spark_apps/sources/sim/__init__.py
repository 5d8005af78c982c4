"""The simulated market as a vendor: JSON messages."""
