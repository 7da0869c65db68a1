"""Stores events in the tables; independent of the source."""
