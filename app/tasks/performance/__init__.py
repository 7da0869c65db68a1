"""Performance: branches, landing pages and sources as tables of figures."""
