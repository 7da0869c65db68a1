"""What the identity provider says about an access token that a program brought."""

from __future__ import annotations

from typing import Any

from app.auth.sign_in.claims import subject_of
from app.auth.sign_in.discovery import endpoints
from app.auth.sign_in.provider import ProviderDown, provider
from app.auth.sign_in.provider_client import get_json, introspect, revoke

__all__ = ["check_token", "revoke_token"]

_FOREVER = 1e12  # seconds; no clock comes so far


def check_token(token: str) -> tuple[str, float | None] | None:
    """The subject of a valid access token and when it ends (epoch seconds, if told), else None.

    Asked by introspection where the provider has it. Otherwise by userinfo, which knows no
    audience: there, every client registered at the provider is trusted with this system.

    Raises:
        ProviderDown: the provider does not answer; nothing is known about the token.
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
    """Tell the provider that this access token is no longer used, if it wants to know."""
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
    """Whether the token was issued to this client or for it, when the provider tells."""
    audience = answer.get("aud") or []
    named = list(audience) if isinstance(audience, list) else [audience]
    named += [answer[name] for name in ("client_id", "azp") if answer.get(name)]
    is_named = provider().client_id in named
    issuer = answer.get("iss")
    is_ours = issuer is None or issuer == endpoints().issuer
    return is_ours and (is_named or not named)
