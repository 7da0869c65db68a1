"""A tenant's settings, and the command line that makes tenants and their first members."""
