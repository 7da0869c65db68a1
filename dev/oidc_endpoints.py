"""What the demo's sign-in provider answers about tokens it gave out."""

# Authlib has no types, so its classes count as Any.
# mypy: disable-error-code="misc"
# ruff: noqa: ANN401

from __future__ import annotations

from typing import Any

from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oidc.core import UserInfo, UserInfoEndpoint
from authlib.oidc.rpinitiated import EndSessionEndpoint
from joserfc.jwk import KeySet

from dev.oidc_models import CLIENT_SECRET_METHODS, BoundToken, FindToken, OAuthClient, Provider
from dev.oidc_store import Member


def introspection(provider: Provider, find: FindToken) -> type:
    """RFC 7662, for the client's own tokens."""

    class Introspection(IntrospectionEndpoint):
        CLIENT_AUTH_METHODS = CLIENT_SECRET_METHODS

        def check_permission(self, token: BoundToken, client: OAuthClient, request: Any) -> bool:
            return token.check_client(client)

        def query_token(self, token_string: str, token_type_hint: str | None) -> BoundToken | None:
            return find(token_string)

        def introspect_token(self, bound: BoundToken) -> dict[str, Any]:
            token = bound.token
            return {
                "active": True,
                "client_id": token.client_id,
                "token_type": "Bearer",
                "scope": token.scope,
                "sub": token.subject,
                "aud": token.client_id,
                "iss": provider.issuer,
                "iat": token.issued_at,
                "exp": token.expires_at,
            }

    return Introspection


def revocation(provider: Provider, find: FindToken) -> type:
    """RFC 7009."""

    class Revocation(RevocationEndpoint):
        CLIENT_AUTH_METHODS = CLIENT_SECRET_METHODS

        def query_token(self, token_string: str, token_type_hint: str | None) -> BoundToken | None:
            return find(token_string)

        def revoke_token(self, token: BoundToken, request: Any) -> None:
            provider.store.revoke_token(token.value)

    return Revocation


def userinfo(provider: Provider, find: FindToken) -> UserInfoEndpoint:
    """The claims of a token's member."""

    class Bearer(BearerTokenValidator):
        def authenticate_token(self, token_string: str) -> BoundToken | None:
            return find(token_string)

    class Info(UserInfoEndpoint):
        def generate_user_info(self, user: Member, scope: str) -> UserInfo:
            return provider.claims(user, scope)

    protector = ResourceProtector()
    protector.register_token_validator(Bearer())
    return Info(resource_protector=protector)


def end_session(provider: Provider) -> type:
    """RP-initiated logout: ends the tokens of the sign-in the ID token came from."""

    class EndSession(EndSessionEndpoint):
        def get_server_jwks(self) -> KeySet:
            return provider.keys

        def end_session(self, end_session_request: Any) -> None:
            claims = end_session_request.id_token_claims or {}
            if session := claims.get("sid"):
                provider.store.revoke_session(session)

    return EndSession
