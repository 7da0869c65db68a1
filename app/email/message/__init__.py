"""What a report or digest says, and how it is written."""
