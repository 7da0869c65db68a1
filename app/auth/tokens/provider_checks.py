"""Checks a program's access token at the identity provider."""

from __future__ import annotations

from typing import Any

from app.auth.sign_in.claims import subject_of
from app.auth.sign_in.discovery import endpoints
from app.auth.sign_in.provider import ProviderDown, provider
from app.auth.sign_in.provider_client import get_json, introspect, revoke

__all__ = ["check_token", "revoke_token"]

_FOREVER = 1e12  # seconds; later than any clock time


def check_token(token: str) -> tuple[str, float | None] | None:
    """The subject and expiry (epoch seconds, if known) of a valid access token, else None.

    Uses introspection if the provider has it. Otherwise it uses userinfo, which has no audience:
    every client registered at the provider is then trusted with this system.

    Raises:
        ProviderDown: the provider does not respond; the token's validity is unknown.
    """
    doors = endpoints()
    if doors.introspection:
        return _introspect(doors.introspection, token)
    if not doors.userinfo:
        raise ProviderDown("The sign-in service cannot tell whether a token is valid.")
    status, claims = get_json(doors.userinfo, token)
    subject = subject_of(claims) if status == 200 else None
    return (subject, None) if subject else None


def revoke_token(token: str) -> None:
    """Tell the provider that this access token is no longer used, if it supports that."""
    address = endpoints().revocation
    if address:
        revoke(address, token)


def _introspect(address: str, token: str) -> tuple[str, float | None] | None:
    status, answer = introspect(address, token)
    if status != 200:  # it refuses us, not the token
        raise ProviderDown
    subject = subject_of(answer)
    if answer.get("active") is not True or subject is None:
        return None
    ends_at = answer.get("exp")
    if not _is_for_us(answer) or not _is_instant(ends_at):
        return None
    return subject, None if ends_at is None else float(ends_at)


def _is_instant(ends_at: object) -> bool:
    return ends_at is None or (isinstance(ends_at, int | float) and 0 <= ends_at < _FOREVER)


def _is_for_us(answer: dict[str, Any]) -> bool:
    """Whether the token was issued to or for this client, if the provider says so."""
    audience = answer.get("aud") or []
    named = list(audience) if isinstance(audience, list) else [audience]
    named += [answer[name] for name in ("client_id", "azp") if answer.get(name)]
    is_named = provider().client_id in named
    issuer = answer.get("iss")
    is_ours = issuer is None or issuer == endpoints().issuer
    return is_ours and (is_named or not named)
