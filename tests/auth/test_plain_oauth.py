"""A provider without discovery: the deployment names its endpoints, with ID tokens or without."""

from __future__ import annotations

import pytest
from flask import Flask

from app.auth.sign_in import provider
from app.config import Config, ConfigError
from app.factory import create_app
from tests.auth.hostile import Hostile, Script
from tests.auth.hostile_site import app, begin, client, come_back, hostile, is_in
from tests.running import Site

__all__ = ["app", "client", "hostile"]


def by_hand(site: Site, hostile: Hostile, *, signs: bool = False) -> Config:
    """Settings with every endpoint named."""
    base = hostile.issuer
    named = {
        "oidc_issuer": base,
        "oidc_authorization_endpoint": f"{base}/authorize",
        "oidc_token_endpoint": f"{base}/token",
        "oidc_userinfo_endpoint": f"{base}/userinfo",
    }
    keys = {"oidc_jwks_uri": f"{base}/jwks"} if signs else {}
    return site.config.model_copy(update=named | keys)


def sign_in(app: Flask, site: Site, hostile: Hostile, script: Script) -> tuple[int, str]:
    browser = app.test_client()
    answer = browser.get("/auth/start?next=/docs", base_url=site.base_url)
    assert "code_challenge=" in answer.headers["Location"]
    state = answer.headers["Location"].partition("&state=")[2].partition("&")[0]
    hostile.script = script
    status, page = come_back(browser, site, {"code": "c", "state": state})
    assert is_in(browser, site) == (status == 303)
    return status, page


def test_without_id_tokens_userinfo_says_who_it_is(
    app: Flask, client: object, site: Site, hostile: Hostile
) -> None:
    provider.configure(app, by_hand(site, hostile))
    before = len(hostile.asked)
    assert sign_in(app, site, hostile, Script(seal="absent"))[0] == 303
    assert hostile.asked[before:] == ["/token", "/userinfo"]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"sub": None}, "does not say who you are"),
        ({"sub": 7}, "does not say who you are"),
        ({"email_verified": False}, "has not verified"),
        ({"email": None}, "did not give us your email"),
    ],
)
def test_without_id_tokens_userinfo_must_vouch(
    app: Flask, client: object, site: Site, hostile: Hostile, told: dict[str, object], said: str
) -> None:
    provider.configure(app, by_hand(site, hostile))
    status, page = sign_in(app, site, hostile, Script(seal="absent", userinfo=told))
    assert (status, said in page) == (400, True)


def test_with_keys_named_id_tokens_are_checked(
    app: Flask, client: object, site: Site, hostile: Hostile
) -> None:
    provider.configure(app, by_hand(site, hostile, signs=True))
    begin(client, site, hostile)  # type: ignore[arg-type]
    assert sign_in(app, site, hostile, Script(seal="none"))[0] == 400
    assert sign_in(app, site, hostile, Script(claims={"nonce": "other"}))[0] == 400


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("oidc_token_endpoint", "OIDC_TOKEN_ENDPOINT"),
        ("oidc_authorization_endpoint", "OIDC_AUTHORIZATION_ENDPOINT"),
        ("oidc_userinfo_endpoint", "OIDC_USERINFO_ENDPOINT"),
    ],
)
def test_half_of_the_endpoints_stop_the_start(
    site: Site, hostile: Hostile, missing: str, named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        create_app(by_hand(site, hostile).model_copy(update={missing: ""}))


def test_production_takes_encrypted_endpoints_alone(site: Site, hostile: Hostile) -> None:
    settings = by_hand(site, hostile).model_copy(
        update={
            "app_env": "production",
            "base_url": "https://shop.example",
            "oidc_issuer": "https://sign-in.example",
        }
    )
    with pytest.raises(ConfigError, match="needs an https address"):
        create_app(settings)
