"""Planning mail and sending it."""
