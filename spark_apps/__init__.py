"""Tayho: a Spark lakehouse for the Vietnamese stock market."""
