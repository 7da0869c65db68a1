"""Contacts as viewers see them: enough to tell two apart, not enough to reach them."""

from __future__ import annotations

from dataclasses import replace

from app.http.masking import mask_email, mask_id, mask_name, mask_phone
from app.tasks.contacts import Contact
from app.tasks.queries import Task


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
