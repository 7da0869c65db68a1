"""Who asks: sign-in at the identity provider, bearer tokens, and the choice of the tenant."""
