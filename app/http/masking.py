"""Masks contacts for members who may look at them but not reach them."""

from __future__ import annotations

from urllib.parse import quote

from flask import Flask

HIDDEN = "•••"
_KEPT_DIGITS = 2


def mask_name(name: str | None) -> str | None:
    """J••• D•••: the first letter of each word."""
    return name and " ".join(f"{word[0]}{HIDDEN}" for word in name.split())


def mask_email(email: str | None) -> str | None:
    """j•••@acme.test: the first letter and the domain."""
    if not email:
        return email
    local, at, domain = email.rpartition("@")
    return f"{local[:1]}{HIDDEN}@{domain}" if at else f"{email[:1]}{HIDDEN}"


def mask_phone(phone: str | None) -> str | None:
    """•••42: the last two digits."""
    digits = [sign for sign in phone or "" if sign.isdigit()]
    return phone and f"{HIDDEN}{''.join(digits[-_KEPT_DIGITS:])}"


def mask_id(contact_id: str | None) -> str | None:
    """The id, masked only if the shop uses addresses as ids."""
    return mask_email(contact_id) if contact_id and "@" in contact_id else contact_id


def phone_link(phone: str) -> str:
    """The number in a tel: link: digits and a leading plus."""
    digits = "".join(letter for letter in phone if letter.isdigit() and letter.isascii())
    return f"+{digits}" if phone.strip().startswith("+") else digits


def mail_link(email: str) -> str:
    """The address in a mailto: link."""
    return quote(email, safe="@")


def configure(app: Flask) -> None:
    """Register masking and contact links for templates."""
    functions = (mask_name, mask_email, mask_phone, mask_id, phone_link, mail_link)
    app.jinja_env.globals.update({function.__name__: function for function in functions})
