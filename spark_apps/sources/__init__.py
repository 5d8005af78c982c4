"""The vendors: how each one's messages and files become rows. One folder a vendor, one door in parse.py."""
