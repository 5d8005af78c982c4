"""Say how it went."""
