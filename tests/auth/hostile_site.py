"""The application at a hostile provider, and a browser that goes there and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.auth.sign_in import provider, provider_client
from app.factory import create_app
from tests.auth.hostile import Hostile, Script, running
from tests.running import ADA, CLIENT_SECRET, Site, forget_limits

__all__ = ["app", "begin", "client", "come_back", "hostile", "is_in"]

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module")
def hostile() -> Iterator[Hostile]:
    with running(ADA.email, CLIENT_SECRET) as started:
        yield started


@pytest.fixture(scope="module")
def app(site: Site, hostile: Hostile) -> Flask:
    """The application with the hostile provider as its own."""
    settings = site.config.model_copy(update={"oidc_issuer": hostile.issuer})
    made = create_app(settings)
    made.config["TESTED"] = settings
    return made


@pytest.fixture
def client(
    app: Flask, site: Site, hostile: Hostile, superuser: Connection, monkeypatch: pytest.MonkeyPatch
) -> FlaskClient:
    """A browser, with everything forgotten that the application knew of the provider."""
    monkeypatch.setattr(provider_client, "TIMEOUT_S", (1.0, 1.0))
    monkeypatch.setattr(provider_client, "TOTAL_S", 1.5)
    provider.configure(app, site.config.model_copy(update={"oidc_issuer": hostile.issuer}))
    hostile.script = Script()
    forget_limits(app)
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
