"""The links in mail and the pages they open."""
