"""Index files: one a file, levels in points."""
