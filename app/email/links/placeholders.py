"""Stand-ins for a message's links.

What is stored of a message must not hold the tokens of its links: they are made when it leaves.
Until then, and in the history for ever, a mark as long as a token stands in their place.
"""

from __future__ import annotations

REPORT_MARK = "report-link".ljust(64, "-")
UNSUBSCRIBE_MARK = "unsubscribe-link".ljust(64, "-")


def link_address(base: str, letters: str) -> str:
    """The page of a report's link."""
    return f"{base}/r/{letters}"


def unsubscribe_address(base: str, letters: str) -> str:
    """The page that unsubscribes, and the address of one-click unsubscribing."""
    return f"{base}/r/{letters}/unsubscribe"


def fill_marks(body: str, base: str, report: str, way_out: str) -> str:
    """The body with these two addresses in place of the marked ones."""
    body = body.replace(link_address(base, REPORT_MARK), report)
    return body.replace(unsubscribe_address(base, UNSUBSCRIBE_MARK), way_out)
