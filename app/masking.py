"""How contacts are shown to members who may look, but not reach anybody."""

from __future__ import annotations

from urllib.parse import quote

from flask import Flask

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


def phone_link(phone: str) -> str:
    """What a tel: link dials: digits and a leading plus."""
    digits = "".join(letter for letter in phone if letter.isdigit() and letter.isascii())
    return f"+{digits}" if phone.strip().startswith("+") else digits


def mail_link(email: str) -> str:
    """What a mailto: link writes to."""
    return quote(email, safe="@")


def configure(app: Flask) -> None:
    """Let templates mask and link contacts."""
    functions = (mask_name, mask_email, mask_phone, phone_link, mail_link)
    app.jinja_env.globals.update({function.__name__: function for function in functions})
