"""What the recent path looks like, per instrument."""
