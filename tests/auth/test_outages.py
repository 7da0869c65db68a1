"""A provider, a session store or a database that is away: a clear page, never a hang."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from app.auth.sign_in import provider_client
from app.database import engine as db
from app.factory import create_app
from tests.running import ADA, Site

NOBODY = "http://127.0.0.1:1"


def with_settings(site: Site, **settings: str) -> Flask:
    return create_app(site.config.model_copy(update=settings))


@pytest.fixture
def mute() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(autouse=True)
def _doors(site: Site) -> Iterator[None]:
    yield
    db.configure(site.config)


def start_and_call(client: FlaskClient, site: Site) -> tuple[int, str, int, str]:
    page = client.get("/auth/start", base_url=site.base_url)
    answer = client.get("/analytics/api/v1/stats", headers=site.headers(ADA))
    return page.status_code, page.text, answer.status_code, answer.get_json()["message"]


def test_a_provider_that_is_down_is_said_so(site: Site) -> None:
    client = with_settings(site, oidc_issuer=NOBODY).test_client()
    page_status, page, status, message = start_and_call(client, site)
    assert (page_status, status) == (503, 503)
    assert "sign-in service cannot be reached" in page
    assert "sign-in service cannot be reached" in message


def test_a_provider_that_hangs_is_given_up(
    site: Site, mute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_client, "TIMEOUT_S", (0.3, 0.3))
    client = with_settings(site, oidc_issuer=mute).test_client()
    page_status, _, status, _ = start_and_call(client, site)
    assert (page_status, status) == (503, 503)


def test_a_provider_that_calls_itself_otherwise_is_not_trusted(site: Site) -> None:
    other_name = site.provider.issuer.replace("127.0.0.1", "localhost")
    client = with_settings(site, oidc_issuer=other_name).test_client()
    assert client.get("/auth/start", base_url=site.base_url).status_code == 503


def test_signed_in_members_stay_while_the_provider_is_away(site: Site) -> None:
    client = site.app.test_client()
    assert _sign_in(client, site) == 303
    away = with_settings(site, oidc_issuer=NOBODY).test_client()
    _copy_cookie(client, away)
    answer = away.get("/auth/login?next=/docs", base_url=site.base_url)
    assert answer.headers["Location"] == "/docs"


def test_without_the_session_store_pages_say_so_and_tokens_still_work(site: Site) -> None:
    client = with_settings(site, redis_url="redis://127.0.0.1:1/0").test_client()
    client.set_cookie("signed-in", "kept-there", domain="127.0.0.1")
    for path in ("/auth/login", "/analytics/overview", "/auth/start", "/nowhere"):
        page = client.get(path, base_url=site.base_url)
        assert (page.status_code, "try again in a minute" in page.text) == (503, True), path
    assert client.get("/analytics/api/v1/locations", headers=site.headers(ADA)).status_code == 200
    client.delete_cookie("signed-in", domain="127.0.0.1")
    assert client.get("/auth/login", base_url=site.base_url).status_code == 200
    assert client.get("/auth/start", base_url=site.base_url).status_code == 503
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.get_json()["checks"]["redis"]) == (503, "unreachable")
    assert client.get("/health/live").status_code == 200


def test_without_the_database_pages_and_json_say_so(site: Site) -> None:
    client = site.app.test_client()
    _sign_in(client, site)
    url = "postgresql://app_web@127.0.0.1:1/x"
    away = with_settings(site, database_url=url).test_client()
    _copy_cookie(client, away)
    page = away.get("/docs", base_url=site.base_url)
    assert (page.status_code, "database cannot be reached" in page.text) == (503, True)
    answer = away.get("/analytics/api/v1/locations", headers=site.headers(ADA))
    assert (answer.status_code, answer.get_json()["error"]) == (503, "unavailable")
    assert away.get("/health/ready").get_json()["checks"]["database"] == "unreachable"


def _sign_in(client: FlaskClient, site: Site) -> int:
    """Through the provider, with the test client in the browser's place."""
    begun = client.get(f"/auth/start?login_hint={ADA.email}", base_url=site.base_url)
    back = requests.get(begun.headers["Location"], allow_redirects=False).headers["Location"]
    return client.get(back.removeprefix(site.base_url), base_url=site.base_url).status_code


def _copy_cookie(source: FlaskClient, target: FlaskClient) -> None:
    cookie = source.get_cookie("signed-in", domain="127.0.0.1")
    assert cookie is not None
    target.set_cookie("signed-in", cookie.value, domain="127.0.0.1")
