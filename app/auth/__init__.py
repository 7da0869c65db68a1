"""Authentication: sign-in at the identity provider, bearer tokens, choice of the tenant."""
