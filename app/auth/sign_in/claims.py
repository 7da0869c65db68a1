"""Who signed in, from what the provider says: the ID token first, then userinfo.

Providers differ in how they vouch for an address. Most send `email_verified`; Microsoft Entra
sends `xms_edov` instead, and only when asked to; others send nothing. An explicit no always counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from loguru import logger

from app.auth.queries import Identity, fold_address
from app.auth.sign_in.provider import SignInRefused

EmailTrust = Literal["claim", "provider"]
Claims = Mapping[str, Any]

_MARKS = ("email_verified", "xms_edov")
_MOST_NAME, _MOST_SUBJECT, _MOST_EMAIL = 200, 255, 254
_NOBODY = "The sign-in service does not say who you are. Please start again."
_CONTRADICTION = "The sign-in service contradicts itself about {what}. Please start again."
_REFUSALS = {
    "missing": (
        "Your sign-in service did not give us your email address. Ask its administrator to add "
        "an address to your account and to release the claim “email” to this application."
    ),
    "false": "Your sign-in service has not verified your email address. Verify it there first.",
    "absent": (
        "Your sign-in service does not say whether your email address is verified. Ask its "
        "administrator to send “email_verified” (Microsoft Entra: “xms_edov”), or whoever runs "
        "this application to check the setting OIDC_EMAIL_TRUST."
    ),
}


def needs_userinfo(claims: Claims) -> bool:
    """Whether these claims lack the address, or lack any word on whether it is verified."""
    return _address_of(claims) is None or _vouches(claims) is None


def combine(claims: Claims, userinfo: Claims) -> dict[str, Any]:
    """The ID token's claims, with what only userinfo says.

    A source vouches only for the address that it names itself; a no from either one stays a no.

    Raises:
        SignInRefused: the two speak of different people or different addresses.
    """
    if userinfo.get("sub") != claims.get("sub"):
        raise SignInRefused(_CONTRADICTION.format(what="who you are"))
    sources = (userinfo, claims)
    addresses = [found for source in sources if (found := _address_of(source))]
    if len({fold_address(address) for address in addresses}) > 1:
        raise SignInRefused(_CONTRADICTION.format(what="your email address"))
    combined = {**userinfo, **{name: told for name, told in claims.items() if told}}
    for mark in _MARKS:
        combined.pop(mark, None)
    combined["email"] = addresses[-1] if addresses else None
    verdicts = {_vouches(source) for source in sources if _address_of(source)}
    if False in {_vouches(source) for source in sources}:
        combined["email_verified"] = False
    elif True in verdicts:
        combined["email_verified"] = True
    return combined


def identity_of(claims: Claims, issuer: str, trust: EmailTrust) -> Identity:
    """The person these claims describe, with an address that the provider vouches for.

    `trust` says what silence means: `claim` takes it for a no, `provider` for a yes.

    Raises:
        SignInRefused: there is no subject, no address, or the address is not vouched for.
    """
    subject = subject_of(claims)
    if subject is None:
        raise SignInRefused(_NOBODY)
    email, verdict = _address_of(claims), _vouches(claims)
    if email is None:
        raise _refusal("missing")
    if verdict is False:
        raise _refusal("false")
    if verdict is None and trust != "provider":
        raise _refusal("absent")
    name = "".join(c for c in str(claims.get("name") or "") if c.isprintable())
    return Identity(issuer, subject, email, name[:_MOST_NAME])


def subject_of(claims: Claims) -> str | None:
    """The subject, if it is a text that can be kept."""
    subject = claims.get("sub")
    is_subject = isinstance(subject, str) and 0 < len(subject) <= _MOST_SUBJECT
    return str(subject) if is_subject and str(subject).isprintable() else None


def _address_of(claims: Claims) -> str | None:
    email = claims.get("email")
    is_address = isinstance(email, str) and 3 <= len(email) <= _MOST_EMAIL and email.isprintable()
    return email if is_address else None


def _vouches(claims: Claims) -> bool | None:
    """True and False as the provider says; None when it says nothing. Unclear words are a no."""
    told = [claims[mark] for mark in _MARKS if claims.get(mark) is not None]
    return all(value in (True, "true", "1") for value in told) if told else None


def _refusal(fault: str) -> SignInRefused:
    logger.warning("auth.email.refused", fault=fault)
    return SignInRefused(_REFUSALS[fault])
