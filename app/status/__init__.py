"""The system's health, for monitoring."""
