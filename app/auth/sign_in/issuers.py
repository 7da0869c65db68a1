"""Issuers with a placeholder: Microsoft Entra serves many tenants under one discovery document.

Its document for `organizations` or `common` names the issuer `https://…/{tenantid}/v2.0`. Each
token names its own tenant twice: in `iss`, and as a GUID in `tid`. The two must agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PLACEHOLDER = "{tenantid}"
_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ANY_TENANT = "(?:common|organizations|consumers)"


def is_shared(issuer: str) -> bool:
    """Whether several tenants' tokens come under this issuer."""
    return PLACEHOLDER in issuer


def is_document_of(named: str, configured: str) -> bool:
    """Whether a discovery document that names this issuer belongs to the configured one."""
    return named.rstrip("/") == configured or _fits(named, configured, _ANY_TENANT)


def is_answer_of(known: str, named: str) -> bool:
    """Whether this issuer, named beside a code, is the known one or one of its tenants."""
    return named == known or _fits(known, named, _GUID)


def issuer_of(known: str, claims: Mapping[str, Any]) -> str | None:
    """The issuer that a token with these claims must name; None when it names no tenant."""
    if not is_shared(known):
        return known
    tenant = claims.get("tid")
    is_tenant = isinstance(tenant, str) and re.fullmatch(_GUID, tenant)
    return known.replace(PLACEHOLDER, str(tenant)) if is_tenant else None


def may_sign(key_issuer: object, claims: Mapping[str, Any]) -> bool:
    """Whether a key signs for the issuer that these claims name. Most keys name none."""
    return key_issuer is None or issuer_of(str(key_issuer), claims) == claims.get("iss")


def _fits(template: str, address: str, tenant: str) -> bool:
    before, found, after = template.rstrip("/").partition(PLACEHOLDER)
    pattern = re.escape(before) + tenant + re.escape(after)
    return bool(found) and re.fullmatch(pattern, address.rstrip("/")) is not None
