"""Whether the system works, and what its JSON routes are, for machines that ask."""
