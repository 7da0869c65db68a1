"""Nonces of forms: a form sent twice, or eight times at once, acts only once."""

from __future__ import annotations

from uuid import UUID, uuid4

from app.errors import Invalid


def new_nonce() -> str:
    """The value of a form's field `nonce`."""
    return str(uuid4())


def parse_nonce(sent: str) -> UUID | None:
    """The nonce of a form; None for programs, which send none.

    Raises:
        Invalid: it is malformed.
    """
    try:
        return UUID(sent) if sent else None
    except ValueError as error:
        message = "This form cannot be used. Load the page again."
        raise Invalid(message, fields={"nonce": message}) from error
