"""The provider's results for bearer tokens, cached by the token's hash for at most a minute.

Across all processes, each token is checked once at a time: callers that find a check running wait
for its result. Refusals are never cached; they only reach the callers that were waiting.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass

from flask import g
from loguru import logger
from redis import RedisError

from app.auth.queries import Identity, find_member_by_identity
from app.auth.sign_in import oidc
from app.auth.sign_in import session_store as store
from app.auth.sign_in.discovery import endpoints
from app.auth.sign_in.provider import ProviderDown, SignInRefused
from app.auth.sign_in.provider_client import room
from app.auth.tokens import provider_checks as token_checks
from app.database.engine import admin_transaction
from app.errors import Unauthenticated
from app.http.limits import check_token_flood, count_refused_token

REMEMBERED_S = 60
_PREFIX = "bearer:"
_ASKING_S = 15  # longer than two calls may take
_SHARED_S = 3
_POLL_S = 0.02
_INVALID = "The access token is not valid or has expired."


@dataclass(frozen=True)
class Holder:
    """The owner of a token; has an address only while no member with that subject is known."""

    issuer: str
    subject: str
    email: str = ""
    name: str = ""

    def identity(self) -> Identity:
        """The same as from a sign-in."""
        return Identity(self.issuer, self.subject, self.email, self.name)


def holder_of(token: str) -> Holder:
    """The owner of a token, from the cache or else from the provider.

    Raises:
        Unauthenticated: the provider does not know the token.
        TooOften: this address sent too many invented ones.
        ProviderDown: the provider is needed but does not respond, or too many callers already wait.
    """
    key = key_of(token)
    known = _remembered(key)
    if known:
        return known
    check_token_flood()
    with room():
        answer = _remembered(key) or _ask_in_turn(token, key)
    if answer is None:
        count_refused_token()
        raise Unauthenticated(_INVALID)
    return answer


def forget(token: str) -> None:
    """Delete the cached result of this token."""
    try:
        store.redis_client().delete(key_of(token))
    except RedisError as error:
        logger.error("auth.token.not_forgotten", cause=type(error).__name__)


def key_of(token: str) -> str:
    """The cache key of a token. The token itself is never stored."""
    return _PREFIX + hashlib.sha256(token.encode()).hexdigest()


def _ask_in_turn(token: str, key: str) -> Holder | None:
    """Check the token, or wait for a running check; None if the token is invalid."""
    turn = f"{key}:asking"
    try:
        is_mine = store.redis_client().set(turn, g.request_id, nx=True, ex=_ASKING_S)
    except RedisError:
        return _ask(token, key)
    if not is_mine:
        return _wait(token, key)
    try:
        answer = _ask(token, key)
        if answer is None:
            _share(key, "refused")
        return answer
    except ProviderDown:
        _share(key, "down")
        raise
    finally:
        _drop(turn)


def _wait(token: str, key: str) -> Holder | None:
    """The result of another caller's check; checks again if that caller ended without one."""
    client, until = store.redis_client(), time.monotonic() + _ASKING_S
    while time.monotonic() < until:
        try:
            kept, outcome, turn = client.mget(key, f"{key}:outcome", f"{key}:asking")
        except RedisError:
            break
        if kept:
            return Holder(**json.loads(kept))
        if outcome == b"down":
            raise ProviderDown
        if outcome:
            return None
        if not turn:
            break
        time.sleep(_POLL_S)
    return _ask(token, key)


def _ask(token: str, key: str) -> Holder | None:
    checked = token_checks.check_token(token)
    if checked is None:
        return None
    subject, ends_at = checked
    holder = _known_holder(token, subject)
    lifetime_s = REMEMBERED_S if ends_at is None else min(REMEMBERED_S, int(ends_at - time.time()))
    if lifetime_s > 0:
        _remember(key, holder, lifetime_s)
    return holder


def _known_holder(token: str, subject: str) -> Holder:
    """The subject, with its address if this may be the member's first call."""
    issuer = endpoints().issuer
    with admin_transaction() as conn:
        is_known = find_member_by_identity(conn, issuer, subject) is not None
    if is_known:
        return Holder(issuer, subject)
    try:
        identity = oidc.identity_of_token(token)
    except SignInRefused:
        return Holder(issuer, subject)
    if identity.subject != subject:
        return Holder(issuer, subject)
    return Holder(issuer, subject, identity.email, identity.name)


def _remembered(key: str) -> Holder | None:
    try:
        kept = store.redis_client().get(key)
    except RedisError:
        return None
    return Holder(**json.loads(kept)) if kept else None


def _remember(key: str, holder: Holder, lifetime_s: int) -> None:
    try:
        store.redis_client().set(key, json.dumps(asdict(holder)), ex=lifetime_s)
    except RedisError as error:
        logger.warning("auth.token.not_remembered", cause=type(error).__name__)


def _share(key: str, outcome: str) -> None:
    try:
        store.redis_client().set(f"{key}:outcome", outcome, ex=_SHARED_S)
    except RedisError:
        logger.warning("auth.token.not_shared")


def _drop(turn: str) -> None:
    try:
        store.redis_client().delete(turn)
    except RedisError:
        logger.warning("auth.token.turn_kept")
