"""Searches by term."""
