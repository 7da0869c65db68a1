"""Whatever a provider or somebody between says, nobody gets in who should not; no crash either."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.auth import oidc, provider
from app.factory import create_app
from tests.auth.hostile import Hostile, Script, running
from tests.auth.hostile_variants import DISCOVERY, VARIANTS, Variant
from tests.running import ADA, CLIENT_SECRET, Site

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    with running(ADA.email, CLIENT_SECRET) as started:
        yield started


@pytest.fixture(scope="module")
def app(site: Site, hostile: Hostile) -> Flask:
    """The application with the hostile provider as its own."""
    return create_app(site.config.model_copy(update={"oidc_issuer": hostile.issuer}))


@pytest.fixture
def client(
    app: Flask, site: Site, hostile: Hostile, superuser: Connection, monkeypatch: pytest.MonkeyPatch
) -> FlaskClient:
    """A browser, with everything forgotten that the application knew of the provider."""
    monkeypatch.setattr(provider, "TIMEOUT_S", (0.5, 0.5))
    provider.configure(app, site.config.model_copy(update={"oidc_issuer": hostile.issuer}))
    hostile.script = Script()
    redis = app.extensions["redis_client"]
    for key in redis.scan_iter("*limit*"):
        redis.delete(key)
    superuser.execute("update membership set member_id = null, accepted_at = null")
    superuser.execute("delete from member where issuer = %s", (hostile.issuer,))
    return app.test_client()


def begin(client: FlaskClient, site: Site, hostile: Hostile) -> dict[str, str]:
    """Start a sign-in; the provider is told its nonce. Answers the honest way back."""
    answer = client.get("/auth/start?next=/docs", base_url=site.base_url)
    assert answer.status_code == 303, answer.text
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    hostile.nonce = query["nonce"][0]
    return {"code": "c-1", "state": query["state"][0], "iss": hostile.issuer}


def come_back(client: FlaskClient, site: Site, parameters: dict[str, object]) -> tuple[int, str]:
    given = {name: value for name, value in parameters.items() if value is not None}
    query = urlencode(given, doseq=True)
    answer = client.get(f"/auth/callback?{query}", base_url=site.base_url)
    return answer.status_code, answer.text


def is_in(client: FlaskClient, site: Site) -> bool:
    page = client.get("/auth/login?next=/docs", base_url=site.base_url)
    return page.headers.get("Location") == "/docs"


def count_members(superuser: Connection, hostile: Hostile) -> object:
    query = "select count(*) from member where issuer = %s"
    row = superuser.execute(query, (hostile.issuer,)).fetchone()
    return row and row[0]


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
