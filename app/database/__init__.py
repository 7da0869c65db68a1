"""Connections to PostgreSQL and Valkey, tenancy, and migration of the schema."""
