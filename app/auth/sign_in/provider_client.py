"""Authlib's client with our limits: every call to the identity provider is made here.

A call has a deadline and a largest answer, follows no redirect (it carries our secret), and only
a few may wait at once: a slow provider never takes all threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from flask import g, has_request_context
from loguru import logger
from requests import RequestException, Response
from urllib3.exceptions import HTTPError

from app.auth.sign_in.provider import ProviderDown, SignInRefused, provider

TIMEOUT_S = (3.0, 5.0)  # to connect, and between two bytes
TOTAL_S = 8.0
LARGEST_ANSWER = 512 * 1024
ROOM_WAIT_S = 0.5
CROWDED_S = 5.0


class LimitedSession(OAuth2Session):  # type: ignore[misc] # authlib is untyped
    """Authlib's client, whose every answer was read within the limits and is a JSON object."""

    def request(self, method: str, url: str, *given: Any, **options: Any) -> Response:  # noqa: ANN401 - of requests
        """As requests has it.

        Raises:
            ProviderDown: no answer, or none that can be used.
        """
        options |= {"allow_redirects": False, "stream": True, "timeout": TIMEOUT_S}
        fault = ""
        try:
            with room():
                answer: Response = super().request(method, url, *given, **options)
                _read(answer)
            if answer.status_code >= 500 or 300 <= answer.status_code < 400:
                fault = f"status {answer.status_code}"
            elif not isinstance(fields_of(answer), dict):
                fault = "no JSON object"
        except (RequestException, HTTPError, OSError, ValueError, RecursionError) as error:
            logger.warning("auth.provider.unreachable", cause=type(error).__name__, address=url)
            raise ProviderDown from error
        if fault:
            logger.warning("auth.provider.odd", fault=fault, address=url)
            raise ProviderDown
        return answer


def client(**options: str) -> LimitedSession:
    """Authlib's client with our settings."""
    known = provider()
    takes_basic = known.endpoints is None or known.endpoints.takes_basic
    method = "client_secret_basic" if takes_basic else "client_secret_post"
    made = LimitedSession(
        known.client_id,
        known.client_secret,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        scope=known.scope,
        **options,
    )
    made.headers["Accept-Encoding"] = "identity"  # what is packed may be a bomb
    return made


def get_json(address: str, token: str | None = None) -> tuple[int, dict[str, Any]]:
    """GET an address of the provider, as the holder of `token` if one is given.

    Raises:
        ProviderDown: no answer, or none that can be used.
    """
    with client() as http:
        http.token = {"access_token": token} if token else None
        answer = http.get(address, withhold_token=not token)
    return answer.status_code, fields_of(answer)


def exchange_code(address: str, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
    """The tokens for a code that came back.

    Raises:
        SignInRefused: the provider does not take the code.
        ProviderDown: no answer, or none that can be used.
    """
    with client(redirect_uri=redirect_uri) as http:
        http.register_compliance_hook("access_token_response", _need_ok)
        try:
            given: dict[str, Any] = http.fetch_token(
                address, grant_type="authorization_code", code=code, code_verifier=verifier
            )
        except (OAuthError, ValueError, TypeError, OverflowError) as error:
            logger.warning("auth.code.refused", error=str(error)[:80])
            raise _not_accepted() from error
    if not isinstance(given.get("access_token"), str):
        logger.warning("auth.code.refused", error="no access token")
        raise _not_accepted()
    return given


def introspect(address: str, token: str) -> tuple[int, dict[str, Any]]:
    """What the provider says about an access token, asked as this client.

    Raises:
        ProviderDown: no answer, or none that can be used.
    """
    with client() as http:
        answer = http.introspect_token(address, token, "access_token")
    return answer.status_code, fields_of(answer)


def revoke(address: str, token: str) -> None:
    """Tell the provider that an access token is no longer used.

    Raises:
        ProviderDown: no answer, or none that can be used.
    """
    with client() as http:
        http.revoke_token(address, token, "access_token")


def fields_of(answer: Response) -> dict[str, Any]:
    """The fields of an answer; none when it is empty."""
    fields: dict[str, Any] = answer.json() if answer.content else {}
    return fields


def _need_ok(answer: Response) -> Response:
    """Authlib takes tokens from an answer of any status, as long as it names no error."""
    if answer.status_code != 200:
        raise OAuthError(f"{answer.status_code} {fields_of(answer).get('error')}")
    return answer


def _not_accepted() -> SignInRefused:
    return SignInRefused("The sign-in service did not accept this sign-in. Please start again.")


@contextmanager
def room() -> Iterator[None]:
    """One of the few slots for waiting on the provider; a request holds one at most.

    Raises:
        ProviderDown: all are taken: the provider is slow.
    """
    if has_request_context() and g.get("has_room"):
        yield
        return
    places = _take_place()
    if has_request_context():
        g.has_room = True
    try:
        yield
    finally:
        places.release()
        if has_request_context():
            g.has_room = False


def _take_place() -> threading.BoundedSemaphore:
    """Wait briefly for a slot, or not at all if a recent wait timed out: threads are scarce."""
    known = provider()
    is_crowded = time.monotonic() < known.crowded_until
    if known.room.acquire(timeout=0.0 if is_crowded else ROOM_WAIT_S):
        return known.room
    if not is_crowded:
        known.crowded_until = time.monotonic() + CROWDED_S
    logger.warning("auth.provider.crowded")
    raise ProviderDown("The sign-in service is slow at the moment. Try again in a minute.")


def _read(answer: Response) -> None:
    """Take in the body within the limits of time and size."""
    deadline = time.monotonic() + TOTAL_S
    parts, size = [], 0
    while part := answer.raw.read1(65_536, decode_content=False):
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER:
            raise ValueError("the answer is too large")
        if time.monotonic() > deadline:
            raise TimeoutError
    answer._content, answer._content_consumed = b"".join(parts), True  # as requests does
