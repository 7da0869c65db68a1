"""Everything here runs against the running site."""

from tests.running import browser, port, provider, site

__all__ = ["browser", "port", "provider", "site"]
