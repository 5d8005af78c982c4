"""The simulated market: a seeded walk on the tick grid, legal in tick, band and lot. No book, no agents."""
