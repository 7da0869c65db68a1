"""A tenant's settings, and the command line that creates tenants and their first members."""
