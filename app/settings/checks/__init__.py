"""Tests of a tenant's connections, step by step."""
