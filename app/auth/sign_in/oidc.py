"""Signing in at the identity provider: to it with state, nonce and PKCE, and back with a code."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from authlib.common.security import generate_token
from authlib.common.urls import add_params_to_uri
from flask import session
from loguru import logger

from app.auth.queries import Identity
from app.auth.sign_in import issuers
from app.auth.sign_in import session_store as store
from app.auth.sign_in.claims import combine, identity_of, needs_userinfo
from app.auth.sign_in.discovery import endpoints
from app.auth.sign_in.id_token import read_id_token
from app.auth.sign_in.provider import ProviderDown, SignInRefused, provider
from app.auth.sign_in.provider_client import client, exchange_code, get_json
from app.errors import AppError

__all__ = ["ProviderDown", "SignIn", "SignInRefused", "finish_sign_in", "start_sign_in"]

PENDING_S = 900
_MOST_PENDING = 5
_PENDING = "pending"
_ELSEWHERE = "This sign-in has expired or was started elsewhere. Please start again."
_NOBODY = "The sign-in service does not say who you are. Please start again."
_OTHER_SERVICE = "This sign-in was answered by another sign-in service. Please start again."
_LONGEST_HINT = 4_096  # what an address carries; a longer ID token is not kept for signing out


@dataclass(frozen=True)
class SignIn:
    """A finished sign-in: who it is, where they wanted to go, and the token to sign out with.

    `id_token` is empty at a provider without OpenID Connect, and when it is too long to use.
    """

    identity: Identity
    next_path: str
    id_token: str


def start_sign_in(callback_url: str, next_path: str, **hints: str) -> str:
    """The provider's address to send the browser to; state, nonce and verifier are kept."""
    doors = endpoints()
    verifier, nonce = generate_token(64), generate_token(32)
    extra = hints | ({"nonce": nonce} if doors.signs else {})
    going = client(redirect_uri=callback_url, code_challenge_method="S256")
    url, state = going.create_authorization_url(
        doors.authorization, code_verifier=verifier, **extra
    )
    _keep(
        str(state),
        {
            "redirect_uri": callback_url,
            "next_path": next_path,
            "verifier": verifier,
            "nonce": nonce,
            "until": time.time() + PENDING_S,
        },
    )
    return str(url)


def finish_sign_in(
    code: str, state: str, issuer: str | None = None, *, needs_issuer: bool = False
) -> SignIn:
    """Exchange the code that came back for a verified identity.

    `needs_issuer` refuses an answer without `iss` when the provider says it always sends one.

    Raises:
        SignInRefused: the state is not ours or was used, the code or the ID token does not
            hold, or the address is not verified.
        ProviderDown: the provider does not answer.
    """
    kept = take_started(state)
    if not code:
        raise SignInRefused
    doors = endpoints()
    is_silent = issuer is None and not (needs_issuer and doors.names_itself)
    if not is_silent and not issuers.is_answer_of(doors.issuer, issuer or ""):
        raise SignInRefused(_OTHER_SERVICE)
    given = exchange_code(doors.token, code, kept["redirect_uri"], kept["verifier"])
    access_token = str(given.get("access_token", ""))
    if not doors.signs:
        return SignIn(identity_of_token(access_token), kept["next_path"], "")
    claims = read_id_token(given.get("id_token"), kept["nonce"], access_token)
    if issuer is not None and issuer != claims["iss"]:
        raise SignInRefused(_OTHER_SERVICE)
    hint = given["id_token"] if len(given["id_token"]) <= _LONGEST_HINT else ""
    identity = _identity(_completed(claims, access_token), claims["iss"])
    return SignIn(identity, kept["next_path"], hint)


def take_started(state: str) -> dict[str, Any]:
    """What this browser kept when it started that sign-in; given out once.

    Raises:
        SignInRefused: another browser started it, nobody did, or it was taken before.
    """
    waiting: dict[str, dict[str, Any]] = dict(session.get(_PENDING, {}))
    kept = waiting.pop(state, None)
    if kept is None:
        raise SignInRefused(_ELSEWHERE)
    session[_PENDING] = waiting
    # Two answers at the same moment both find the session as it was; only one makes this key.
    key = "state-used:" + hashlib.sha256(state.encode()).hexdigest()
    is_first = store.redis_client().set(key, 1, nx=True, ex=PENDING_S)
    if not is_first or kept["until"] < time.time():
        raise SignInRefused(_ELSEWHERE)
    return kept


def sign_out_url(id_token: str | None, back_to: str) -> str | None:
    """Where the browser signs out at the provider too; None if it offers no such thing."""
    try:
        address = endpoints().end_session
    except AppError:
        return None
    if not address:
        return None
    params = [("post_logout_redirect_uri", back_to), ("client_id", provider().client_id)]
    if id_token:
        params.append(("id_token_hint", id_token))
    return str(add_params_to_uri(address, params))


def identity_of_token(token: str) -> Identity:
    """Whose access token this is, with the verified address.

    Raises:
        SignInRefused: the provider does not vouch for an address, or serves several tenants:
            userinfo does not say whose person this is.
    """
    doors = endpoints()
    if issuers.is_shared(doors.issuer):
        raise SignInRefused(_NOBODY)
    return _identity(_userinfo(token), doors.issuer)


def _keep(state: str, pending: dict[str, Any]) -> None:
    """Remember a started sign-in in this browser's session; the oldest of many are dropped."""
    now = time.time()
    waiting = {k: v for k, v in session.get(_PENDING, {}).items() if v["until"] > now}
    recent = sorted(waiting.items(), key=lambda entry: entry[1]["until"])[-_MOST_PENDING + 1 :]
    session[_PENDING] = dict(recent) | {state: pending}


def _completed(claims: dict[str, Any], access_token: str) -> dict[str, Any]:
    """The claims, with what only userinfo says when the ID token lacks something."""
    if not needs_userinfo(claims) or not endpoints().userinfo:
        return claims
    status, told = get_json(endpoints().userinfo, access_token)
    if status == 200:
        return combine(claims, told)
    logger.warning("auth.userinfo.refused", status=status)
    if not claims.get("email"):
        raise SignInRefused(_NOBODY)
    return claims


def _userinfo(access_token: str) -> dict[str, Any]:
    status, claims = get_json(endpoints().userinfo, access_token)
    if status != 200:
        raise SignInRefused(_NOBODY)
    return claims


def _identity(claims: dict[str, Any], issuer: str) -> Identity:
    """The person, as far as this provider is trusted.

    Under a shared issuer silence is never a yes: whoever runs any of its tenants could name
    any address.
    """
    trust = "claim" if issuers.is_shared(endpoints().issuer) else provider().email_trust
    return identity_of(claims, issuer, trust)
