"""Tokens of the demo's provider: made, asked about, ended; and Google's for service accounts."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials

from dev import oidc
from dev.oidc import Oidc
from tests.dev.oidc_peer import ADA, CLIENT, is_active, post


def test_revoked_token_is_not_active(provider: Oidc) -> None:
    token = provider.token_for(ADA.email)
    assert is_active(provider, token)
    assert post(provider, "/revoke", token=token).status_code == 200
    assert not is_active(provider, token)
    bearer = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{provider.issuer}/userinfo", headers=bearer).status_code == 401


def test_demo_token_needs_the_secret_and_lives_hours(provider: Oidc) -> None:
    answer = requests.post(
        f"{provider.issuer}/demo/token", data={"member": ADA.email}, auth=("demo", "guess")
    )
    assert answer.status_code == 401
    told = post(provider, "/introspect", token=provider.token_for(ADA.email)).json()
    assert told["exp"] - told["iat"] >= 2 * 3600
    with pytest.raises(requests.HTTPError, match="404"):
        provider.token_for("nobody@else.example")


def test_introspection_needs_the_secret(provider: Oidc) -> None:
    answer = requests.post(f"{provider.issuer}/introspect", data={"token": "x"})
    assert answer.status_code == 401
    assert not is_active(provider, "no such token")


def credentials(provider: Oidc, key_file: dict[str, str]) -> Credentials:
    made = Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
        key_file | {"token_uri": provider.google_token_uri}
    )
    return made.with_scopes(["https://www.googleapis.com/auth/bigquery"])  # type: ignore[no-any-return,no-untyped-call]


def test_registered_service_account_gets_a_google_token(provider: Oidc) -> None:
    key_file = provider.service_account("acme-shop")
    google = credentials(provider, key_file)
    google.refresh(Request())  # type: ignore[no-untyped-call]
    assert google.token
    assert provider.service_account("acme-shop") == key_file


def test_unknown_or_forged_service_account_is_invalid_grant(provider: Oidc) -> None:
    known = provider.service_account("acme-shop")
    other = provider.service_account("globex-shop")
    forged = known | {"private_key": other["private_key"]}
    with pytest.raises(RefreshError, match=r"invalid_grant.*Invalid JWT Signature"):
        credentials(provider, forged).refresh(Request())  # type: ignore[no-untyped-call]
    provider.remove_service_account(other["client_email"])
    with pytest.raises(RefreshError, match=r"invalid_grant.*account not found"):
        credentials(provider, other).refresh(Request())  # type: ignore[no-untyped-call]


def test_restart_keeps_address_keys_and_tokens(tmp_path: Path) -> None:
    with oidc.start(tmp_path, [ADA], CLIENT) as first:
        token, issuer = first.token_for(ADA.email), first.issuer
        keys = requests.get(f"{issuer}/jwks").json()
    with oidc.start(tmp_path, [ADA], CLIENT) as second:
        assert second.issuer == issuer
        assert requests.get(f"{issuer}/jwks").json() == keys
        assert is_active(second, token)
    for secret in ("settings.json", "keys.json", "store.sqlite"):
        assert (tmp_path / "oidc" / secret).stat().st_mode & 0o077 == 0
