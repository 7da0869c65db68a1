"""Everything here runs against the running site."""

from tests.running import browser, port, provider, site
from tests.tasks.task_rows import acme, ada, tasks

__all__ = ["acme", "ada", "browser", "port", "provider", "site", "tasks"]
