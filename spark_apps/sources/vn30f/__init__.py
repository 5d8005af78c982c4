"""VN30 futures: files of matched trades, newest first."""
