"""Testing a tenant's connections, step by step."""
