"""The demo's sign-in provider, its client and tokens, as Authlib asks about them."""

# Authlib has no types, so its classes count as Any.
# mypy: disable-error-code="misc"

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass

from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oidc.core import UserInfo
from joserfc.jwk import KeySet

from dev.oidc_store import Client, Member, Store, Token

TOKEN_LIFETIME_S = 12 * 3600
SCOPES = ("openid", "email", "profile")
CLIENT_SECRET_METHODS = ["client_secret_basic", "client_secret_post"]


@dataclass(frozen=True)
class Provider:
    """Everything the provider knows."""

    issuer: str
    client: Client
    members: tuple[Member, ...]
    store: Store
    keys: KeySet

    def find_member(self, name: str) -> Member | None:
        """The member with this subject or address."""
        wanted = name.strip().lower()
        return next((m for m in self.members if wanted in (m.subject, m.email.lower())), None)

    def claims(self, member: Member, scope: str) -> UserInfo:
        """What the scopes let a client know of a member."""
        everything = UserInfo(
            sub=member.subject,
            email=member.email,
            email_verified=member.is_email_verified,
            name=member.name,
            preferred_username=member.email,
        )
        return everything.filter(scope)

    def keep_token(self, value: str, member: Member, scope: str, session: str) -> Token:
        """Keep a fresh access token of a member."""
        now = int(time.time())
        client_id = self.client.client_id
        token = Token(member.subject, client_id, scope, session, now, now + TOKEN_LIFETIME_S)
        self.store.keep_token(value, token)
        return token


class OAuthClient(ClientMixin):
    """The one client, as Authlib asks about it."""

    def __init__(self, client: Client) -> None:
        self.client_id = client.client_id
        self.client_metadata = {"post_logout_redirect_uris": list(client.post_logout_redirect_uris)}
        self._client = client

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(s for s in (scope or "openid").split() if s in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self._client.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return hmac.compare_digest(client_secret.encode(), self._client.client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in CLIENT_SECRET_METHODS

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class BoundToken:
    """An access token, as Authlib asks about it."""

    def __init__(self, provider: Provider, client: OAuthClient, value: str, token: Token) -> None:
        self._provider, self._client = provider, client
        self.value, self.token = value, token
        self.scope = token.scope

    def get_scope(self) -> str:
        return self.scope

    def is_expired(self) -> bool:
        return self.token.expires_at <= time.time()

    def is_revoked(self) -> bool:
        return self.token.is_revoked or self.get_user() is None

    def get_user(self) -> Member | None:
        return self._provider.find_member(self.token.subject)

    def get_client(self) -> OAuthClient:
        return self._client

    def check_client(self, client: OAuthClient) -> bool:
        return client.client_id == self.token.client_id


FindToken = Callable[[str], BoundToken | None]


def token_finder(provider: Provider, client: OAuthClient) -> FindToken:
    """Finds the access token of a value."""

    def find(value: str) -> BoundToken | None:
        token = provider.store.find_token(value)
        return BoundToken(provider, client, value, token) if token else None

    return find
