"""The provider changes its keys: sign-ins go on, and a made-up key makes no flood of questions."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.auth.sign_in import id_token
from tests.auth.hostile import Hostile, Reply, Script
from tests.auth.hostile_site import app, begin, client, come_back, hostile, is_in
from tests.running import Site

__all__ = ["app", "client", "hostile"]


def sign_in(app: Flask, site: Site, hostile: Hostile, script: Script) -> int:
    """A new browser's sign-in while the provider follows the script."""
    client = app.test_client()
    back = begin(client, site, hostile)
    hostile.script = script
    status, _ = come_back(client, site, {**back})
    assert is_in(client, site) == (status == 303)
    return status


def questions(hostile: Hostile) -> int:
    return hostile.asked.count("/jwks")


def test_a_new_key_is_looked_for_once_a_minute(
    app: Flask, client: FlaskClient, site: Site, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = questions(hostile)
    assert sign_in(app, site, hostile, Script()) == 303
    assert sign_in(app, site, hostile, Script()) == 303
    assert questions(hostile) == before + 1
    rotated = Script(key="stranger", published=("stranger",))
    assert sign_in(app, site, hostile, rotated) == 303
    assert sign_in(app, site, hostile, rotated) == 303
    assert questions(hostile) == before + 2
    again = Script(key="curve", header={"alg": "ES256"}, published=("curve",))
    for _ in range(5):
        assert sign_in(app, site, hostile, again) == 400
    assert questions(hostile) == before + 2
    monkeypatch.setattr(id_token, "REFETCH_S", 0.0)
    assert sign_in(app, site, hostile, again) == 303
    assert questions(hostile) == before + 3


def test_keys_that_cannot_be_fetched_do_not_use_up_the_minute(
    app: Flask, client: FlaskClient, site: Site, hostile: Hostile
) -> None:
    assert sign_in(app, site, hostile, Script()) == 303
    down = Script(key="stranger", replies={"/jwks": Reply(500, "{}")})
    assert sign_in(app, site, hostile, down) == 503
    assert sign_in(app, site, hostile, Script(key="stranger", published=("stranger",))) == 303


def test_a_key_that_was_withdrawn_is_forgotten_after_an_hour(
    app: Flask, client: FlaskClient, site: Site, hostile: Hostile
) -> None:
    assert sign_in(app, site, hostile, Script()) == 303
    withdrawn = Script(published=("stranger",))
    assert sign_in(app, site, hostile, withdrawn) == 303
    app.extensions["oidc"].keys_at -= 3601
    assert sign_in(app, site, hostile, withdrawn) == 400


def test_discovery_that_is_away_later_is_remembered(
    app: Flask, client: FlaskClient, site: Site, hostile: Hostile
) -> None:
    assert sign_in(app, site, hostile, Script()) == 303
    app.extensions["oidc"].asked_at -= 3601
    gone = Script(replies={"/.well-known/openid-configuration": Reply(500, "{}")})
    assert sign_in(app, site, hostile, gone) == 303
