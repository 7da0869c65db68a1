"""The edge to the identity provider: every call to it with its limits, and where its doors are.

Any provider with discovery will do, or one whose endpoints the deployment names. Nothing is
asked before first use. A call has a deadline and a largest answer, follows no redirect (it
carries our secret), and only a few may wait at once: a slow provider never takes all threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, current_app, g, has_request_context
from loguru import logger
from requests import RequestException, Response
from urllib3.exceptions import HTTPError

from app.auth.sign_in import issuers
from app.config import Config
from app.errors import AppError, Invalid, Upstream
from app.net import NetPolicy, resolve

TIMEOUT_S = (3.0, 5.0)  # to connect, and between two bytes
TOTAL_S = 8.0
LARGEST_ANSWER = 512 * 1024
ROOM = 4
ROOM_WAIT_S = 0.5
CROWDED_S = 5.0
REFRESH_S = 3600.0
RETRY_S = 60.0
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)


class ProviderDown(Upstream):
    """The sign-in service cannot be reached at the moment. Please try again in a minute."""

    status = 503


class SignInRefused(AppError):
    """This sign-in could not be completed. Please start again."""

    status = 400


@dataclass(frozen=True)
class Endpoints:
    """Where the provider is asked what; an empty address is a thing it does not offer."""

    issuer: str
    authorization: str
    token: str
    userinfo: str = ""
    jwks: str = ""
    introspection: str = ""
    revocation: str = ""
    end_session: str = ""
    algorithms: frozenset[str] = ALGORITHMS
    takes_basic: bool = True
    names_itself: bool = False  # RFC 9207: the answer carries `iss`

    @property
    def signs(self) -> bool:
        """Whether sign-ins come with an ID token; without, this is plain OAuth 2.0."""
        return bool(self.jwks)


@dataclass
class Provider:
    """One application's provider, with what is known of it so far."""

    issuer: str
    client_id: str
    client_secret: str
    scope: str
    is_production: bool
    is_discovered: bool
    hosts: NetPolicy
    email_trust: Literal["claim", "provider"] = "claim"
    endpoints: Endpoints | None = None
    asked_at: float = 0.0
    keys: list[Any] = field(default_factory=list)
    keys_at: float = 0.0
    refetched_at: float | None = None
    room: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(ROOM)
    )
    crowded_until: float = 0.0


def configure(app: Flask, config: Config) -> None:
    """Note the provider's settings; nothing is fetched yet."""
    made = Provider(
        issuer=config.oidc_issuer.rstrip("/"),
        client_id=config.oidc_client_id,
        client_secret=config.oidc_client_secret,
        scope=config.oidc_scope,
        is_production=config.app_env == "production",
        is_discovered=not config.oidc_authorization_endpoint,
        hosts=NetPolicy(config.networks()),
        email_trust=config.oidc_email_trust,
    )
    if not made.is_discovered:
        made.endpoints = Endpoints(
            issuer=config.oidc_issuer,
            authorization=config.oidc_authorization_endpoint,
            token=config.oidc_token_endpoint,
            userinfo=config.oidc_userinfo_endpoint,
            jwks=config.oidc_jwks_uri,
            introspection=config.oidc_introspection_endpoint,
            revocation=config.oidc_revocation_endpoint,
            end_session=config.oidc_end_session_endpoint,
        )
    app.extensions["oidc"] = made


def provider() -> Provider:
    """This application's provider."""
    known: Provider = current_app.extensions["oidc"]
    return known


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


def provider_origins() -> tuple[str, ...]:
    """The origins a sign-in or sign-out may lead to, as far as known without asking."""
    known = provider()
    addresses = [known.issuer]
    if known.endpoints:
        addresses += [known.endpoints.authorization, known.endpoints.end_session]
    return tuple(dict.fromkeys(origin_of(address) for address in addresses if address))


def origin_of(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def get_json(address: str, token: str | None = None) -> tuple[int, dict[str, Any]]:
    """GET an address of the provider, as the holder of `token` if one is given.

    Raises:
        ProviderDown: no answer, or none that can be used.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return _ask("GET", address, headers=headers)


def post_form(address: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Ask the provider something as this client.

    Raises:
        ProviderDown: no answer, or none that can be used.
    """
    known, doors = provider(), endpoints()
    if doors.takes_basic:
        return _ask("POST", address, data=form, auth=(known.client_id, known.client_secret))
    own = {"client_id": known.client_id, "client_secret": known.client_secret}
    return _ask("POST", address, data=form | own)


def session(**options: str) -> OAuth2Session:
    """Authlib's client with our settings."""
    known = provider()
    return OAuth2Session(known.client_id, known.client_secret, scope=known.scope, **options)


@contextmanager
def room() -> Iterator[None]:
    """A place among the few that may wait for the provider; one a request, however nested.

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
    """Wait shortly for a place, unless somebody just waited in vain: threads are for others too."""
    known = provider()
    is_crowded = time.monotonic() < known.crowded_until
    if known.room.acquire(timeout=0.0 if is_crowded else ROOM_WAIT_S):
        return known.room
    if not is_crowded:
        known.crowded_until = time.monotonic() + CROWDED_S
    logger.warning("auth.provider.crowded")
    raise ProviderDown("The sign-in service is slow at the moment. Try again in a minute.")


def _ask(method: str, address: str, **options: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - of requests
    """The status and the fields of the answer; refusals of ours to read it count as down."""
    fault = ""
    try:
        with room(), session() as http:
            http.headers["Accept-Encoding"] = "identity"  # what is packed may be a bomb
            answer = http.request(
                method,
                address,
                withhold_token=True,
                allow_redirects=False,
                stream=True,
                timeout=TIMEOUT_S,
                **options,
            )
            _read(answer)
        if answer.status_code >= 500 or 300 <= answer.status_code < 400:
            fault = f"status {answer.status_code}"
        fields = {} if fault or not answer.content else answer.json()
    except (RequestException, HTTPError, OSError, ValueError, RecursionError) as error:
        logger.warning("auth.provider.unreachable", cause=type(error).__name__, address=address)
        raise ProviderDown from error
    if fault or not isinstance(fields, dict):
        logger.warning("auth.provider.odd", fault=fault or "no JSON object", address=address)
        raise ProviderDown
    return answer.status_code, fields


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
