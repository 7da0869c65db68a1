"""Against a provider of other hands (npm oidc-provider): sign-in, new keys, tokens, sign-out."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from werkzeug.serving import make_server

from app.factory import create_app
from app.settings import provision
from dev.process import free_port
from tests.auth.peer_provider import Settings, find_node, running, signing_key
from tests.running import ADA, CLIENT_SECRET, STRANGER, Browser, Site, path_of

FIGURES = "/analytics/api/v1/locations"


@pytest.fixture(scope="module")
def settings() -> Settings:
    """The peer as it will run; needs Node."""
    find_node()
    port, here = free_port(), f"http://127.0.0.1:{free_port()}"
    return Settings(
        port,
        f"http://127.0.0.1:{port}",
        "shop",
        CLIENT_SECRET,
        [f"{here}/auth/callback"],
        [f"{here}/auth/signed-out"],
        [signing_key("first")],
    )


@pytest.fixture(scope="module")
def peer_site(site: Site, settings: Settings) -> Iterator[Site]:
    """The application with the peer as its provider, on a socket of its own."""
    base = settings.redirect_uris[0].removesuffix("/auth/callback")
    config = site.config.model_copy(update={"base_url": base, "oidc_issuer": settings.issuer})
    app = create_app(config)
    server = make_server("127.0.0.1", int(base.rpartition(":")[2]), app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    provision.add_member(site.acme, "pia@acme.example", "manager")
    provision.add_member(site.acme, "pete@acme.example", "viewer")
    yield replace(site, app=app, config=config, base_url=base)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def peer(settings: Settings, peer_site: Site, tmp_path: Path) -> Iterator[None]:
    """The running peer."""
    with running(settings, tmp_path / "peer.log"):
        yield


def sign_in(browser: Browser, address: str) -> requests.Response:
    hint = {"login_hint": address, "next": "/docs"}
    return browser.get(browser.site.url("/auth/start"), params=hint)


@pytest.mark.usefixtures("peer")
def test_a_stranger_stays_outside(peer_site: Site) -> None:
    with Browser(peer_site) as browser:
        assert sign_in(browser, STRANGER.email).status_code == 403


@pytest.mark.usefixtures("peer")
def test_tokens_of_the_peer_are_checked_and_revoked(peer_site: Site, settings: Settings) -> None:
    token = access_token(settings, ADA.email)
    headers = {"Authorization": f"Bearer {token}", "X-Tenant-Id": str(peer_site.acme)}

    def call() -> int:
        return requests.get(peer_site.url(FIGURES), headers=headers).status_code

    provision.add_member(peer_site.acme, ADA.email, "admin")
    assert call() == 200
    assert requests.post(peer_site.url("/auth/api/v1/logout"), headers=headers).status_code == 200
    assert call() == 401
    headers["Authorization"] = "Bearer made-up"
    assert call() == 401


def test_sign_in_new_keys_and_sign_out(peer_site: Site, settings: Settings, tmp_path: Path) -> None:
    """Last in this file: an unknown key is looked for once a minute."""
    with Browser(peer_site) as pia, Browser(peer_site) as pete:
        with running(settings, tmp_path / "first.log"):
            assert path_of(sign_in(pia, "pia@acme.example")) == "/docs"
            assert "pia@acme.example" in pia.open("/docs").text
        changed = replace(settings, keys=[signing_key("second")])
        with running(changed, tmp_path / "second.log"):
            assert path_of(sign_in(pete, "pete@acme.example")) == "/docs"
            assert path_of(pia.open("/docs")) == "/docs", "who is signed in stays"
            sign_out(pete)
            assert path_of(pete.open("/analytics/overview")) == "/auth/login"


def sign_out(browser: Browser) -> None:
    """Here, then at the peer, which asks once more."""
    away = browser.submit("/auth/logout")
    form = re.search(r'action="([^"]+)"', away.text)
    secret = re.search(r'name="xsrf" value="([^"]+)"', away.text)
    assert form and secret, away.text
    fields = {"xsrf": secret[1], "logout": "yes"}
    back = browser.post(html.unescape(form[1]), fields)
    assert path_of(back) == "/auth/signed-out"


def access_token(settings: Settings, address: str) -> str:
    """A program's own way through the code flow."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    query = {
        "client_id": settings.client_id,
        "response_type": "code",
        "scope": "openid email profile",
        "redirect_uri": settings.redirect_uris[0],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "login_hint": address,
        "state": "s",
        "nonce": "n",
    }
    with requests.Session() as browser:
        answer = browser.get(f"{settings.issuer}/auth", params=query, allow_redirects=False)
        while not (there := answer.headers["Location"]).startswith(settings.redirect_uris[0]):
            answer = browser.get(requests.compat.urljoin(answer.url, there), allow_redirects=False)
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(there).query)["code"][0],
        "redirect_uri": settings.redirect_uris[0],
        "code_verifier": verifier,
    }
    secret = (settings.client_id, settings.client_secret)
    given = requests.post(f"{settings.issuer}/token", form, auth=secret).json()
    return str(given["access_token"])
