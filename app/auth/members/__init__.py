"""Who may work in a tenant, as what, and in which branches."""
