"""The team board."""
