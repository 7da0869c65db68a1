"""Nonces of forms: a form that is sent twice, or eight times at once, takes one step."""

from __future__ import annotations

from uuid import UUID, uuid4

from app.errors import Invalid


def new_nonce() -> str:
    """What a form carries in its field `nonce`."""
    return str(uuid4())


def parse_nonce(sent: str) -> UUID | None:
    """The nonce of a form; None for a program that sends none.

    Raises:
        Invalid: it is not one of ours.
    """
    try:
        return UUID(sent) if sent else None
    except ValueError as error:
        message = "This form cannot be used. Load the page again."
        raise Invalid(message, fields={"nonce": message}) from error
