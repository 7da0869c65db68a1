"""Every session: the rows behind sessions, visitors, conversion and bounces."""
