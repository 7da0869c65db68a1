"""Whether the system works, for machines that ask."""
