"""What somebody may see, for tests that ask queries themselves."""

from __future__ import annotations

from app.database.tenancy import Scope

EVERYTHING = Scope(None, is_masked=False)
LITERAL = f"'{EVERYTHING.literal}'"  # in a statement


def at(*branches: str, owner: str | None = None) -> Scope:
    """The scope of a rep with these branches."""
    return Scope(branches, owner, is_masked=False)
