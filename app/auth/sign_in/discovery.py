"""Where the identity provider is asked what: its discovery document, or the deployment's words.

Any provider with discovery will do, or one whose endpoints are named. Nothing is asked before
first use.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from loguru import logger

from app.auth.sign_in import issuers
from app.auth.sign_in.provider import ALGORITHMS, Endpoints, Provider, ProviderDown, provider
from app.auth.sign_in.provider_client import get_json
from app.errors import Invalid, Upstream
from app.net import resolve

REFRESH_S = 3600.0
RETRY_S = 60.0


def endpoints() -> Endpoints:
    """Its doors: those set by hand, or the discovery document, read again every hour.

    Raises:
        ProviderDown: they were never read, and cannot be now.
    """
    known = provider()
    is_fresh = time.monotonic() - known.asked_at < REFRESH_S
    if known.endpoints and (not known.is_discovered or is_fresh):
        return known.endpoints
    try:
        known.endpoints = _discover(known)
        known.asked_at = time.monotonic()
    except ProviderDown:
        if known.endpoints is None:
            raise
        known.asked_at = time.monotonic() - REFRESH_S + RETRY_S
    return known.endpoints


def _discover(known: Provider) -> Endpoints:
    status, document = get_json(f"{known.issuer}/.well-known/openid-configuration")
    named = str(document.get("issuer", ""))
    if status != 200 or not issuers.is_document_of(named, known.issuer):
        logger.error("auth.provider.foreign", said=named[:200])
        raise ProviderDown("The sign-in service calls itself by another name than OIDC_ISSUER.")
    offered = document.get("id_token_signing_alg_values_supported") or ["RS256"]
    methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    found = Endpoints(
        issuer=named,
        authorization=_address(document, "authorization_endpoint", is_needed=True),
        token=_address(document, "token_endpoint", is_needed=True),
        jwks=_address(document, "jwks_uri", is_needed=True),
        userinfo=_address(document, "userinfo_endpoint"),
        introspection=_address(document, "introspection_endpoint"),
        revocation=_address(document, "revocation_endpoint"),
        end_session=_address(document, "end_session_endpoint"),
    )
    return replace(
        found,
        algorithms=ALGORITHMS & {str(name) for name in offered},
        takes_basic="client_secret_basic" in methods,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _address(document: dict[str, Any], name: str, *, is_needed: bool = False) -> str:
    """One address of the discovery document, if we may call it."""
    address = document.get(name) or ""
    is_fit = isinstance(address, str) and _is_fit(address)
    if is_fit or (not address and not is_needed):
        return str(address)
    logger.error("auth.provider.unfit_address", name=name)
    raise ProviderDown(f"The sign-in service gives no fit address as its {name}.")


def _is_fit(address: str) -> bool:
    """Whether it is https in production, on the issuer's host or one that anybody may name.

    The issuer's host is the operator's word; any other must not lead into our own network.
    """
    known = provider()
    schemes = ("https",) if known.is_production else ("https", "http")
    try:
        parts = urlsplit(address)
        if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc:
            return False
        if parts.hostname != urlsplit(known.issuer).hostname:
            resolve(parts.hostname, parts.port or 443, known.hosts)
    except (ValueError, Invalid, Upstream):
        return False
    return True
