"""What was known at a moment, in one row."""
