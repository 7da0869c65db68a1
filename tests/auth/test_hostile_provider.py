"""Whatever a provider or somebody between says, nobody gets in who should not; no crash either."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.auth.sign_in import oidc
from tests.auth.hostile import Hostile, Script
from tests.auth.hostile_site import (
    app,
    begin,
    client,
    come_back,
    count_members,
    hostile,
    is_in,
)
from tests.auth.hostile_variants import DISCOVERY, VARIANTS, Variant
from tests.running import Site

__all__ = ["app", "client", "hostile"]

Connection = psycopg.Connection[tuple[object, ...]]


def test_an_honest_answer_gets_in(client: FlaskClient, site: Site, hostile: Hostile) -> None:
    status, _ = come_back(client, site, {**begin(client, site, hostile)})
    assert (status, is_in(client, site)) == (303, True)


@pytest.mark.parametrize(
    "claims", [{"aud": ["shop", "other"], "azp": "shop"}, {"email": None, "email_verified": None}]
)
def test_honest_ways_that_are_rarer_get_in(
    client: FlaskClient, site: Site, hostile: Hostile, claims: dict[str, object]
) -> None:
    back = begin(client, site, hostile)
    hostile.script = Script(claims=claims)
    assert come_back(client, site, {**back})[0] == 303
    assert is_in(client, site)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_a_lie_gets_nobody_in(
    client: FlaskClient, site: Site, hostile: Hostile, superuser: Connection, variant: Variant
) -> None:
    back = begin(client, site, hostile)
    hostile.script = variant.script
    status, page = come_back(client, site, {**back, **variant.returned})
    assert (status, variant.said in page) == (variant.status, True), page
    assert not is_in(client, site)
    assert count_members(superuser, hostile) == 0
    hostile.script = Script()
    if "state" not in variant.returned and variant.name != "two codes":
        assert come_back(client, site, {**back})[0] == 400, "the sign-in was not used up"
        assert not is_in(client, site)


def test_a_code_that_another_provider_gave_is_not_shown_to_ours(
    client: FlaskClient, site: Site, hostile: Hostile
) -> None:
    back = begin(client, site, hostile)
    asked = len(hostile.asked)
    assert come_back(client, site, {**back, "iss": "https://evil.test"})[0] == 400
    assert hostile.asked[asked:] == []


@pytest.mark.parametrize("variant", DISCOVERY, ids=lambda variant: variant.name)
def test_a_lying_discovery_starts_nothing(
    client: FlaskClient, site: Site, hostile: Hostile, variant: Variant
) -> None:
    hostile.script = variant.script
    answer = client.get("/auth/start", base_url=site.base_url)
    assert (answer.status_code, variant.said in answer.text) == (503, True), answer.text
    assert client.get("/auth/login", base_url=site.base_url).status_code == 200


def test_a_state_works_once(client: FlaskClient, site: Site, hostile: Hostile) -> None:
    back = begin(client, site, hostile)
    assert come_back(client, site, {**back})[0] == 303
    client.post("/auth/api/v1/logout", headers={"Origin": site.base_url}, base_url=site.base_url)
    assert come_back(client, site, {**back})[0] == 400
    assert not is_in(client, site)


def test_a_state_works_once_also_at_the_same_moment(
    app: Flask, client: FlaskClient, site: Site, hostile: Hostile
) -> None:
    """Two requests that both read the session before either wrote it."""
    back = begin(client, site, hostile)
    twin = copied(client, app)
    assert come_back(client, site, {**back})[0] == 303
    redis = app.extensions["redis_client"]
    redis.set(*twin)
    other = app.test_client()
    other.set_cookie("signed-in", twin[0].removeprefix("signed-in:"), domain="127.0.0.1")
    assert come_back(other, site, {**back})[0] == 400
    assert not is_in(other, site)


def copied(client: FlaskClient, app: Flask) -> tuple[str, bytes]:
    """The stored session of this browser as it is now."""
    cookie = client.get_cookie("signed-in", domain="127.0.0.1")
    assert cookie is not None
    key = f"signed-in:{cookie.value}"
    return key, app.extensions["redis_client"].get(key)


@pytest.mark.parametrize("taken", ["state", "code"])
def test_another_browser_s_answer_gets_nobody_in(
    app: Flask, client: FlaskClient, site: Site, hostile: Hostile, taken: str
) -> None:
    victim = app.test_client()
    theirs = begin(victim, site, hostile)
    nonce = hostile.nonce
    own = begin(client, site, hostile)
    hostile.nonce = nonce  # the code stands for the victim's sign-in
    assert come_back(client, site, {**own, taken: theirs[taken]})[0] == 400
    assert not is_in(client, site)


def test_a_sign_in_that_took_too_long_starts_again(
    client: FlaskClient, site: Site, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "PENDING_S", -1)
    back = begin(client, site, hostile)
    monkeypatch.setattr(oidc, "PENDING_S", 900)
    assert come_back(client, site, {**back})[0] == 400
    assert not is_in(client, site)
