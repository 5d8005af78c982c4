"""What it could cost us."""
