"""The edge to the identity provider: OpenID Connect code flow, token checks, sign-out.

Any provider with discovery will do. Discovery is asked for at first use, every call has a
timeout, and third-party errors leave this module as ours.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, current_app, session
from joserfc.errors import JoseError
from loguru import logger
from requests import RequestException

from app.auth.queries import Identity
from app.config import Config
from app.errors import AppError, Upstream

TIMEOUT_S = (3.0, 5.0)  # to connect, and between two bytes
_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
_NAME = "oidc"


class ProviderDown(Upstream):
    """The sign-in service cannot be reached at the moment. Please try again in a minute."""

    status = 503


class SignInRefused(AppError):
    """This sign-in could not be completed. Please start again."""

    status = 400


@dataclass(frozen=True)
class SignIn:
    """A finished sign-in: who it is, where they wanted to go, and the token to sign out with."""

    identity: Identity
    next_path: str
    id_token: str


def configure(app: Flask, config: Config) -> None:
    """Register the provider; nothing is fetched yet."""
    issuer = config.oidc_issuer.rstrip("/")
    client = OAuth(app).register(
        _NAME,
        client_id=config.oidc_client_id,
        client_secret=config.oidc_client_secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_S,
        },
    )
    app.extensions["oidc_client"] = client
    app.extensions["oidc_issuer"] = issuer


def start_sign_in(callback_url: str, next_path: str, **hints: str) -> str:
    """The provider's address to send the browser to; state, nonce and verifier are kept."""
    with _as_ours():
        _metadata()
        started = _client().create_authorization_url(callback_url, **hints)
    _client().save_authorize_data(redirect_uri=callback_url, next_path=next_path, **started)
    return str(started["url"])


def finish_sign_in(code: str, state: str, issuer: str | None = None) -> SignIn:
    """Exchange the code that came back for a verified identity.

    Raises:
        SignInRefused: the state is not ours or was used, the code or the ID token does not
            hold, or the address is not verified.
        ProviderDown: the provider does not answer.
    """
    kept = _take_started(state)
    with _as_ours():
        metadata = _metadata()
        if issuer is not None and issuer != metadata["issuer"]:
            raise SignInRefused
        token = _client().fetch_access_token(
            code=code, redirect_uri=kept["redirect_uri"], code_verifier=kept["code_verifier"]
        )
        if "id_token" not in token:
            raise SignInRefused
        claims = _client().parse_id_token(
            token, nonce=kept["nonce"], claims_options=_expected(metadata)
        )
    return SignIn(_identity(claims), kept["next_path"], token["id_token"])


def sign_out_url(id_token: str | None, back_to: str) -> str | None:
    """Where the browser signs out at the provider too; None if it offers no such thing."""
    try:
        with _as_ours():
            if not _metadata().get("end_session_endpoint"):
                return None
            made = _client().create_logout_url(
                post_logout_redirect_uri=back_to,
                id_token_hint=id_token,
                client_id=_client().client_id,
            )
    except AppError:
        return None
    return str(made["url"])


def check_token(token: str) -> tuple[str, float | None] | None:
    """The subject of a valid access token and when it ends (epoch seconds, if told), else None.

    Asked by introspection where the provider has it. Otherwise by userinfo, which knows no
    audience: there, every client registered at the provider is trusted with this system.

    Raises:
        ProviderDown: the provider does not answer; nothing is known about the token.
    """
    with _as_ours():
        endpoint = _metadata().get("introspection_endpoint")
        return _introspect(endpoint, token) if endpoint else _ask_userinfo(token)


def identity_of_token(token: str) -> Identity:
    """Whose token this is, with the verified address.

    Raises:
        SignInRefused: the provider does not vouch for an address.
    """
    with _as_ours():
        claims = _userinfo(token)
    if claims is None:
        raise SignInRefused
    return _identity(claims)


def revoke_token(token: str) -> None:
    """Tell the provider that this access token is no longer used, if it wants to know."""
    with _as_ours():
        endpoint = _metadata().get("revocation_endpoint")
        if endpoint:
            _post(endpoint, {"token": token, "token_type_hint": "access_token"})


def provider_origins() -> tuple[str, ...]:
    """The origins a sign-in or sign-out may lead to, as far as known without asking."""
    addresses = [current_app.extensions["oidc_issuer"]]
    known = _client().server_metadata
    addresses += [known.get(name) for name in ("authorization_endpoint", "end_session_endpoint")]
    return tuple(dict.fromkeys(origin_of(address) for address in addresses if address))


def origin_of(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def issuer() -> str:
    """The provider's name for itself, as subjects are stored under.

    Raises:
        ProviderDown: it was never reached.
    """
    with _as_ours():
        return str(_metadata()["issuer"])


def _client() -> Any:  # noqa: ANN401 - Authlib has no types
    return current_app.extensions["oidc_client"]


def _metadata() -> dict[str, Any]:
    """The discovery document, fetched once a process, refused when it is another issuer's."""
    client = _client()
    metadata: dict[str, Any] = client.load_server_metadata()
    if str(metadata.get("issuer", "")).rstrip("/") != current_app.extensions["oidc_issuer"]:
        client.server_metadata = {}
        raise ProviderDown("The sign-in service calls itself by another name than OIDC_ISSUER.")
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [a for a in offered if a in _ALGORITHMS]
    return metadata


def _take_started(state: str) -> dict[str, Any]:
    """What was kept when this sign-in was started, once."""
    framework = _client().framework
    kept: dict[str, Any] | None = framework.get_state_data(session, state)
    framework.clear_state_data(session, state)
    if kept is None:
        raise SignInRefused(
            "This sign-in has expired or was started elsewhere. Please start again."
        )
    return kept


def _expected(metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "iss": {"essential": True, "value": metadata["issuer"]},
        "aud": {"essential": True, "value": _client().client_id},
        "exp": {"essential": True},
        "sub": {"essential": True},
    }


def _identity(claims: dict[str, Any]) -> Identity:
    email = claims.get("email")
    if not email or claims.get("email_verified") not in (True, "true"):
        raise SignInRefused(
            "Your sign-in service has not verified your e-mail address. Verify it there first."
        )
    name = str(claims.get("name") or "")
    return Identity(str(_client().server_metadata["issuer"]), str(claims["sub"]), str(email), name)


def _introspect(endpoint: str, token: str) -> tuple[str, float | None] | None:
    answer = _post(endpoint, {"token": token, "token_type_hint": "access_token"})
    if answer.get("active") is not True or not answer.get("sub") or not _is_for_us(answer):
        return None
    expires_at = answer.get("exp")
    return str(answer["sub"]), None if expires_at is None else float(expires_at)


def _is_for_us(answer: dict[str, Any]) -> bool:
    """Whether the token was issued to this client or for it, when the provider tells."""
    audience = answer.get("aud") or []
    named = {audience} if isinstance(audience, str) else set(audience)
    named |= {answer[name] for name in ("client_id", "azp") if answer.get(name)}
    own = str(_client().client_id)
    return not named or any(hmac.compare_digest(str(name).encode(), own.encode()) for name in named)


def _ask_userinfo(token: str) -> tuple[str, float | None] | None:
    claims = _userinfo(token)
    return None if claims is None else (str(claims["sub"]), None)


def _userinfo(token: str) -> dict[str, Any] | None:
    endpoint = _metadata()["userinfo_endpoint"]
    with _client()._get_session() as http:
        headers = {"Authorization": f"Bearer {token}"}
        answer = http.request("GET", endpoint, headers=headers, withhold_token=True)
    if answer.status_code in (400, 401, 403):
        return None
    answer.raise_for_status()
    claims: dict[str, Any] = answer.json()
    return claims


def _post(endpoint: str, form: dict[str, str]) -> dict[str, Any]:
    """Ask the provider something as this client."""
    client = _client()
    with client._get_session() as http:
        answer = http.request(
            "POST",
            endpoint,
            data=form,
            auth=(client.client_id, client.client_secret),
            withhold_token=True,
        )
    answer.raise_for_status()
    fields: dict[str, Any] = answer.json() if answer.content else {}
    return fields


@contextmanager
def _as_ours() -> Iterator[None]:
    """Turn what the libraries raise into our errors; the log says what it was."""
    try:
        yield
    except (RequestException, ValueError, KeyError) as error:
        logger.warning("auth.provider.unreachable", cause=type(error).__name__, detail=str(error))
        raise ProviderDown from error
    except (OAuthError, JoseError) as error:
        logger.warning("auth.sign_in.refused", cause=type(error).__name__, detail=str(error))
        raise SignInRefused from error
