"""Bearer tokens: the provider's and our own."""
