"""Signing in at the identity provider, and the browser's session."""
