"""The code flow of the demo's sign-in provider, from Authlib's server classes."""

# Authlib has no types, so its classes count as Any.
# mypy: disable-error-code="misc"
# ruff: noqa: ANN401

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core import OpenIDCode, UserInfo
from flask import Flask
from joserfc.jwk import KeySet

from dev.oidc_endpoints import end_session, introspection, revocation, userinfo
from dev.oidc_models import (
    CLIENT_SECRET_METHODS,
    TOKEN_LIFETIME_S,
    OAuthClient,
    Provider,
    token_finder,
)
from dev.oidc_store import Member

CODE_LIFETIME_S = 300


@dataclass(frozen=True)
class Code:
    """An authorization code, as Authlib asks about it."""

    value: str
    fields: dict[str, Any]

    @property
    def code_challenge(self) -> str:
        return str(self.fields["code_challenge"])

    @property
    def code_challenge_method(self) -> str:
        return "S256"

    def get_redirect_uri(self) -> str:
        return str(self.fields["redirect_uri"])

    def get_scope(self) -> str:
        return str(self.fields["scope"])

    def get_nonce(self) -> str | None:
        return self.fields.get("nonce")

    def get_auth_time(self) -> int:
        return int(self.fields["auth_time"])

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> list[str]:
        return ["demo"]


class StrictCodeChallenge(CodeChallenge):
    """PKCE that cannot be left out, with S256 only."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012 - Authlib's own attribute

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        payload = grant.request.payload.data
        if payload.get("code_challenge_method") != "S256" or not payload.get("code_challenge"):
            raise InvalidRequestError("PKCE with 'code_challenge_method=S256' is required.")
        super().validate_code_challenge(grant, redirect_uri)


def build_server(app: Flask, provider: Provider) -> AuthorizationServer:
    """Authlib's server with code flow, PKCE, ID tokens and the token endpoints."""
    client = OAuthClient(provider.client)

    def query_client(client_id: str) -> OAuthClient | None:
        return client if client_id == client.client_id else None

    def save_token(token: dict[str, Any], request: Any) -> None:
        session = request.authorization_code.fields["session"]
        provider.keep_token(token["access_token"], request.user, token["scope"], session)

    app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"authorization_code": TOKEN_LIFETIME_S}
    server = AuthorizationServer(app, query_client, save_token)
    server.register_grant(
        _code_grant(provider), [StrictCodeChallenge(required=True), _id_tokens(provider)]
    )
    server.register_extension(_issuer_parameter(provider))
    find = token_finder(provider, client)
    server.register_endpoint(introspection(provider, find))
    server.register_endpoint(revocation(provider, find))
    server.register_endpoint(userinfo(provider, find))
    server.register_endpoint(end_session(provider))
    return server


def _code_grant(provider: Provider) -> type:
    class CodeGrant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_SECRET_METHODS

        def save_authorization_code(self, code: str, request: Any) -> None:
            asked = request.payload.data
            fields = {
                "subject": request.user.subject,
                "redirect_uri": request.payload.redirect_uri,
                "scope": request.scope,
                "nonce": asked.get("nonce"),
                "code_challenge": asked["code_challenge"],
                "auth_time": int(time.time()),
                "session": uuid.uuid4().hex,
            }
            provider.store.keep_code(code, fields, CODE_LIFETIME_S)

        def query_authorization_code(self, code: str, client: OAuthClient) -> Code | None:
            fields = provider.store.find_code(code)
            return Code(code, fields) if fields else None

        def authenticate_user(self, code: Code) -> Member | None:
            if not provider.store.use_code(code.value):
                raise InvalidGrantError("This code was used before.")
            return provider.find_member(code.fields["subject"])

        def delete_authorization_code(self, code: Code) -> None:
            """Used up already when the member was looked up."""

    return CodeGrant


def _id_tokens(provider: Provider) -> OpenIDCode:
    class IdTokens(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False

        def resolve_client_private_key(self, client: OAuthClient) -> KeySet:
            return provider.keys

        def get_client_claims(self, client: OAuthClient) -> dict[str, Any]:
            return {"iss": provider.issuer, "aud": client.client_id, "azp": client.client_id}

        def get_authorization_code_claims(self, code: Code) -> dict[str, Any]:
            claims: dict[str, Any] = super().get_authorization_code_claims(code)
            return claims | {"sid": code.fields["session"]}

        def generate_user_info(self, user: Member, scope: str) -> UserInfo:
            return provider.claims(user, scope)

    return IdTokens()


def _issuer_parameter(provider: Provider) -> IssuerParameter:
    class Issuer(IssuerParameter):
        def get_issuer(self) -> str:
            return provider.issuer

    return Issuer()
