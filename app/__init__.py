"""Sales intelligence for distributors with a web shop."""
