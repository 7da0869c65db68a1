"""Sales intelligence for distributors with a web shop."""

__version__ = "0.1.0"
