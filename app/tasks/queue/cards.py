"""Ids of cards that markup can hold."""

from __future__ import annotations

import hashlib


def card_id(customer_key: str) -> str:
    """An id for markup that no customer's name can break."""
    return f"card_{hashlib.sha256(customer_key.encode()).hexdigest()[:16]}"
