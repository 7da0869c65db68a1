"""My queue: one card per customer."""
