"""What we want: one file per strategy."""
