"""The set-up checklist."""
