"""Parses the forms about members."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from werkzeug.datastructures import MultiDict

from app.auth.queries import fold_address
from app.database.tenancy import Role
from app.errors import Invalid

ROLES: dict[Role, tuple[str, str]] = {
    "admin": ("Admin", "Everything: settings, members, the audit log. Always all branches."),
    "manager": ("Manager", "The team board, lists, customers and figures."),
    "rep": ("Rep", "Their own queue, lists, customers and figures."),
    "viewer": ("Viewer", "Can view but not change anything, and sees shortened contacts."),
}
_ADDRESS = re.compile(r"[^\s@<>,;\"\\]+@[^\s@<>,;\"\\]+\.[^\s@<>,;\"\\]+")
_MOST_CHARS = 254


@dataclass(frozen=True)
class Access:
    """A role and its branches; None means every branch."""

    role: Role
    location_ids: tuple[str, ...] | None


def parse_invitation(form: MultiDict[str, str], known: Collection[str]) -> tuple[str, Access]:
    """The address and access in a form.

    Raises:
        Invalid: something is missing; `fields` says what, by the field's name.
    """
    problems: dict[str, str] = {}
    email = fold_address(form.get("email", ""))
    if len(email) > _MOST_CHARS or not (email.isascii() and _ADDRESS.fullmatch(email)):
        problems["email"] = "Enter an email address, like ana@example.com."
    try:
        access = parse_access(form, known)
    except Invalid as error:
        problems |= error.extra["fields"]
    if problems:
        raise Invalid("No one was invited.", fields=problems)
    return email, access


def parse_access(form: MultiDict[str, str], known: Collection[str]) -> Access:
    """The role and the branches; `known` are the branches to choose from.

    A form without any branch choice grants none: "all branches" must be chosen explicitly.

    Raises:
        Invalid: as above.
    """
    problems: dict[str, str] = {}
    role, scope = form.get("role", ""), form.get("scope", "")
    chosen = tuple(sorted(set(form.getlist("location_id"))))
    if role not in ROLES:
        problems["role"] = "Choose a role."
    if role == "admin" or scope == "all":
        chosen_or_all = None
    else:
        chosen_or_all = chosen
        if not chosen or set(chosen) - set(known):
            problems["location_id"] = "Choose at least one branch, or all of them."
    if problems:
        raise Invalid("Nothing was changed.", fields=problems)
    return Access(cast(Role, role), chosen_or_all)
