"""Whose customers a queue or list is asked for, as its address says it."""

from __future__ import annotations

from app.database.tenancy import Membership

ME, ANYONE = "me", "any"


def holders_of(owner: str, membership: Membership) -> tuple[str, ...] | None:
    """The rows of the team board that `owner` means; None is every row.

    `owner` is ME, ANYONE, or a row: an address, "-" (nobody's), or "-" and a branch.
    """
    if owner == ANYONE:
        return None
    return (membership.email if owner == ME else owner,)
