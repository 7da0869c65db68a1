"""Contacts as viewers see them: enough to tell two apart, not enough to reach them."""

from __future__ import annotations

from dataclasses import replace

from app.tasks.queries import Contact, Task

HIDDEN = "•••"
_KEPT_DIGITS = 2


def mask_task(task: Task) -> Task:
    """The task with its person's name, address and number shortened."""
    is_person = task.company_id is None
    return replace(
        task,
        customer_name=mask_name(task.customer_name) if is_person else task.customer_name,
        contact_id=mask_id(task.contact_id),
        contact_name=mask_name(task.contact_name),
        contact_email=mask_email(task.contact_email),
        contact_phone=mask_phone(task.contact_phone),
    )


def mask_contact(contact: Contact) -> Contact:
    """One person with name, address and number shortened."""
    return Contact(
        mask_id(contact.contact_id) or "",
        mask_name(contact.name),
        mask_email(contact.email),
        mask_phone(contact.phone),
    )


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
    """An id stays, unless the shop uses addresses as ids."""
    return mask_email(contact_id) if contact_id and "@" in contact_id else contact_id
