"""Customers: the list, one customer's page, sessions and timelines."""
