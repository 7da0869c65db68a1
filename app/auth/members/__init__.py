"""Memberships: who may work in a tenant, with which role and branches."""
