"""Overview: the figures of a tenant, compared and charted."""
