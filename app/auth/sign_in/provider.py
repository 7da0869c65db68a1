"""The identity provider of an application: its settings, and what is known of it so far."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from flask import Flask, current_app

from app.config import Config
from app.errors import AppError, Upstream
from app.net import NetPolicy

ROOM = 4
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
