"""What an ID token says, once its signature, its issuer, its audience and its times hold."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, JoseError
from joserfc.jwk import import_key
from joserfc.jws import JWSRegistry
from loguru import logger

from app.auth.sign_in import issuers
from app.auth.sign_in.discovery import REFRESH_S, endpoints
from app.auth.sign_in.provider import Provider, ProviderDown, SignInRefused, provider
from app.auth.sign_in.provider_client import get_json

LEEWAY_S = 60
REFETCH_S = 60.0
_MAX_CHARS = 120_000  # Microsoft Entra names up to 200 groups in it
_MAX_SUBJECT = 255
_KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_FAULTS = {
    "iss": "It comes from another service",
    "aud": "It is meant for another application",
    "azp": "It is meant for another application",
    "nonce": "It belongs to another sign-in",
    "exp": "It has expired",
    "iat": "It is dated in the future, so a clock is wrong",
    "nbf": "It is dated in the future, so a clock is wrong",
    "sub": "It names nobody",
    "at_hash": "Its parts do not belong together",
}


def read_id_token(token: object, nonce: str, access_token: str) -> dict[str, Any]:
    """The claims of an ID token that was made for this sign-in.

    Raises:
        SignInRefused: it does not hold; the message says why.
        ProviderDown: its key is not known and the keys cannot be fetched.
    """
    if not isinstance(token, str):
        raise _refusal("It is missing")
    if len(token) > _MAX_CHARS:
        raise _refusal("It is too long: your account is in too many groups for it")
    decoded = _decode(token, _header(token))
    issuer = issuers.issuer_of(endpoints().issuer, decoded.claims)
    if issuer is None:
        raise _refusal(_FAULTS["iss"])
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        _expected(issuer),
        {"nonce": nonce, "client_id": provider().client_id, "access_token": access_token},
    )
    try:
        claims.validate(leeway=LEEWAY_S)
    except ClaimError as error:
        raise _refusal(_FAULTS.get(error.claim, "It is damaged")) from error
    except (JoseError, ValueError, TypeError) as error:
        raise _refusal("It is damaged") from error
    _check_subject(claims)
    return dict(claims)


def _expected(issuer: str) -> dict[str, Any]:
    return {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": provider().client_id},
        "exp": {"essential": True},
        "iat": {"essential": True},
        "sub": {"essential": True},
    }


def _check_subject(claims: dict[str, Any]) -> None:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT:
        raise _refusal(_FAULTS["sub"])
    nonce = claims.get("nonce")
    if not isinstance(nonce, str):
        raise _refusal(_FAULTS["nonce"])


def _header(token: str) -> dict[str, Any]:
    """The token's header, with an algorithm we take. HMAC and `none` are never among them."""
    try:
        part = token.split(".")[0].encode()
        header = json.loads(urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (ValueError, RecursionError) as error:
        raise _refusal("It is damaged") from error
    if not isinstance(header, dict) or header.get("alg") not in endpoints().algorithms:
        raise _refusal("It is signed in a way that is not accepted")
    return header


def _decode(token: str, header: dict[str, Any]) -> jwt.Token:
    registry = JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    for key in _candidates(header):
        try:
            decoded = jwt.decode(token, key, registry=registry)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            logger.info("auth.id_token.signature", cause=type(error).__name__)
            continue
        if issuers.may_sign(key.get("issuer"), decoded.claims):
            return decoded
    raise _refusal("Its signature does not hold")


def _candidates(header: dict[str, Any]) -> list[Any]:
    """The provider's keys that may have signed this; an unknown one is looked for again."""
    known = provider()
    if not known.keys or time.monotonic() - known.keys_at > REFRESH_S:
        _fetch_keys(known)
    found = _fitting(known, header)
    if not found and _may_refetch(known):
        _fetch_keys(known)
        known.refetched_at = time.monotonic()
        found = _fitting(known, header)
    if not found:
        raise _refusal("It is signed with a key that the service does not publish")
    return found


def _may_refetch(known: Provider) -> bool:
    """At most once a minute: made-up key names must not become a flood of questions."""
    return known.refetched_at is None or time.monotonic() - known.refetched_at >= REFETCH_S


def _fitting(known: Provider, header: dict[str, Any]) -> list[Any]:
    key_type, key_id = _KEY_TYPES[header["alg"][:2]], header.get("kid")
    return [
        key
        for key in known.keys
        if key.key_type == key_type
        and key_id in (None, key.kid)
        and key.get("use", "sig") == "sig"
        and key.get("alg", header["alg"]) == header["alg"]
    ]


def _fetch_keys(known: Provider) -> None:
    """Read the published keys; those of kinds we do not know are left out."""
    status, published = get_json(endpoints().jwks)
    listed = published.get("keys")
    if status != 200 or not isinstance(listed, list):
        raise ProviderDown
    keys = []
    for entry in listed[:100]:
        try:
            keys.append(import_key(entry))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    known.keys, known.keys_at = keys, time.monotonic()


def _refusal(fault: str) -> SignInRefused:
    logger.warning("auth.id_token.refused", fault=fault)
    return SignInRefused(
        f"The sign-in service's answer was not accepted. {fault}. Please start again."
    )
