"""What was sent, word for word."""
