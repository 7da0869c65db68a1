"""How contacts are shown to members who may look, but not reach anybody."""

from __future__ import annotations

DOTS = "•••"


def mask_name(name: str | None) -> str | None:
    """The initials: A. M."""
    if not name:
        return name
    return " ".join(f"{word[0]}." for word in name.split())


def mask_email(email: str | None) -> str | None:
    """The first letter and the last part: a•••@•••.com."""
    if not email:
        return email
    ending = email.rsplit(".", 1)[-1] if "." in email.partition("@")[2] else ""
    return f"{email[0]}{DOTS}@{DOTS}{'.' + ending if ending else ''}"


def mask_phone(phone: str | None) -> str | None:
    """The last two digits: •••42."""
    return f"{DOTS}{phone.strip()[-2:]}" if phone and phone.strip() else phone
