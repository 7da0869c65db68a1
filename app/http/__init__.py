"""Shared by requests and responses: pages, JSON, limits, security headers, paging."""
