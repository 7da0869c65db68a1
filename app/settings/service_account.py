"""Google credentials from tenants: only service accounts, and only the fields needed."""

from __future__ import annotations

import json
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.errors import Invalid

_FIELDS = ("client_email", "private_key", "project_id", "private_key_id")
_MAX_CHARS = 20_000
_PROJECT = re.compile(r"[a-z0-9][a-z0-9.:-]{2,100}")


def rebuild_service_account(text: str) -> dict[str, str]:
    """The four fields of a service account's JSON, and its type; everything else is dropped.

    Other kinds of Google credentials can make the client fetch addresses chosen by the tenant, or
    run programs, so only a service account's key is accepted.

    Raises:
        Invalid: it is not such JSON; the message says what to fetch instead.
    """
    fields = _read(text)
    if fields.get("type") != "service_account":
        raise Invalid(
            "This JSON is not a service account's key (its type must be service_account)."
        )
    missing = [name for name in _FIELDS if not _is_text(fields.get(name))]
    if missing:
        raise Invalid(f"The service account's JSON lacks {', '.join(missing)}.")
    rebuilt = {name: str(fields[name]) for name in _FIELDS}
    if not _PROJECT.fullmatch(rebuilt["project_id"]):
        raise Invalid("The project_id of the service account's JSON is not a Google project.")
    _check_key(rebuilt["private_key"])
    return {"type": "service_account", **rebuilt}


def _read(text: str) -> dict[str, object]:
    if len(text) > _MAX_CHARS:
        raise Invalid("This is too long for a service account's JSON.")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("This is not JSON. Paste the whole key file that Google gave you.") from error
    if not isinstance(fields, dict):
        raise Invalid("This JSON is not a service account's key.")
    return fields


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _check_key(pem: str) -> None:
    try:
        load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Invalid("The private_key of the service account's JSON cannot be read.") from error
