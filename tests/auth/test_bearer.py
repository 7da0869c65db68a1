"""Bearer tokens at a provider that is slow, away or wrong: one question, few who wait."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.auth.sign_in import provider, provider_client
from app.auth.tokens.provider_answers import key_of
from app.factory import create_app
from tests.auth.hostile import Hostile, Reply, Script
from tests.auth.hostile_site import app, begin, client, come_back, hostile
from tests.running import Site

__all__ = ["app", "client", "hostile"]

FIGURES = "/analytics/api/v1/locations"
ASKED = "/introspect"
REFUSED = Script(replies={ASKED: Reply(body='{"active": false}')})


def fresh() -> str:
    """A token nobody has seen."""
    return secrets.token_urlsafe(24)


def call(app: Flask, site: Site, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "X-Tenant-Id": str(site.acme)}
    return app.test_client().get(FIGURES, headers=headers).status_code


def at_once(count: int, ask: Callable[[int], int]) -> list[int]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(ask, range(count)))


def slowly(answer: str, delay_s: float = 0.2) -> Script:
    return Script(replies={ASKED: Reply(body=answer, delay_s=delay_s)})


def questions(hostile: Hostile) -> int:
    return hostile.asked.count(ASKED)


@pytest.mark.parametrize(
    ("answer", "status"),
    [('{"active": true, "sub": "s-1", "client_id": "shop"}', 200), ('{"active": false}', 401)],
    ids=["valid", "refused"],
)
def test_many_requests_with_one_unknown_token_ask_once(
    app: Flask,
    client: FlaskClient,
    site: Site,
    hostile: Hostile,
    answer: str,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two applications on one Redis are two processes."""
    monkeypatch.setattr(provider_client, "TIMEOUT_S", (3.0, 5.0))
    other = create_app(app.config["TESTED"])
    token, before = fresh(), questions(hostile)
    hostile.script = slowly(answer)
    apps = (app, other)
    statuses = at_once(8, lambda number: call(apps[number % 2], site, token))
    assert statuses == [status] * 8
    assert questions(hostile) == before + 1


def test_a_slow_provider_is_waited_for_by_few_and_holds_up_nobody_else(
    app: Flask, client: FlaskClient, site: Site, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_client, "TIMEOUT_S", (8.0, 8.0))
    known = fresh()
    assert call(app, site, known) == 200
    assert come_back(client, site, {**begin(client, site, hostile)})[0] == 303
    hostile.script = slowly("{}", delay_s=10.0)
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(call, app, site, fresh()) for _ in range(20)]
        while sum(not one.done() for one in waiting) > provider.ROOM:
            time.sleep(0.05)
        assert call(app, site, known) == 200
        assert client.get("/docs", base_url=site.base_url).status_code == 200
        assert call(app, site, fresh()) == 503
        still = sum(not one.done() for one in waiting)
        assert still == provider.ROOM, "all that was answered while the few still waited"
        assert {one.result() for one in waiting} == {503}
    hostile.script = Script()
    assert call(app, site, fresh()) == 200, "the places are free again"


def test_few_wait_for_the_provider_at_any_moment(
    app: Flask, client: FlaskClient, site: Site, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_client, "TIMEOUT_S", (3.0, 5.0))
    while hostile.at_once:  # questions of another test, given up long ago
        time.sleep(0.05)
    hostile.script, hostile.most_at_once = slowly('{"active": false}', delay_s=0.4), 0
    statuses = at_once(20, lambda _: call(app, site, fresh()))
    assert hostile.most_at_once == provider.ROOM
    assert set(statuses) == {401, 503}


def test_while_the_provider_is_away_nothing_new_opens_and_nothing_lasts_longer(
    app: Flask, client: FlaskClient, site: Site, hostile: Hostile
) -> None:
    known = fresh()
    assert call(app, site, known) == 200
    redis = app.extensions["redis_client"]
    redis.expire(key_of(known), 7)
    away = create_app(app.config["TESTED"].model_copy(update={"oidc_issuer": "http://127.0.0.1:1"}))
    for _ in range(3):
        assert call(away, site, known) == 200
    assert redis.ttl(key_of(known)) <= 7
    assert call(away, site, fresh()) == 503
    redis.delete(key_of(known))
    assert call(away, site, known) == 503


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({}, 200),
        ({"client_id": "other"}, 401),
        ({"client_id": "other", "aud": ["shop"]}, 200),
        ({"client_id": None, "aud": "other"}, 401),
        ({"client_id": None}, 200),
        ({"iss": "https://evil.test"}, 401),
        ({"active": "true"}, 401),
        ({"active": False}, 401),
        ({"sub": None}, 401),
        ({"sub": ["s-1"]}, 401),
        ({"exp": "never"}, 401),
    ],
    ids=str,
)
def test_what_introspection_says_is_believed_only_if_it_is_for_us(
    app: Flask,
    client: FlaskClient,
    site: Site,
    hostile: Hostile,
    told: dict[str, object],
    status: int,
) -> None:
    answer = {"active": True, "sub": "s-1", "client_id": "shop", **told}
    hostile.script = Script(replies={ASKED: Reply(body=json.dumps(answer))})
    assert call(app, site, fresh()) == status


@pytest.mark.parametrize("status", [302, 401, 404, 500])
def test_an_introspection_that_refuses_us_is_the_provider_s_fault(
    app: Flask, client: FlaskClient, site: Site, hostile: Hostile, status: int
) -> None:
    hostile.script = Script(replies={ASKED: Reply(status, "{}", location="/elsewhere")})
    assert call(app, site, fresh()) == 503
    assert "/elsewhere" not in hostile.asked


def test_an_answer_is_kept_no_longer_than_the_token_lasts(
    app: Flask, client: FlaskClient, site: Site, hostile: Hostile
) -> None:
    for lifetime_s, most in ((5, 5), (3600, 60)):
        token, ends_at = fresh(), int(time.time()) + lifetime_s
        body = json.dumps({"active": True, "sub": "s-1", "client_id": "shop", "exp": ends_at})
        hostile.script = Script(replies={ASKED: Reply(body=body)})
        assert call(app, site, token) == 200
        assert most - 2 <= app.extensions["redis_client"].ttl(key_of(token)) <= most


def test_without_introspection_userinfo_tells(
    app: Flask, client: FlaskClient, site: Site, hostile: Hostile
) -> None:
    nowhere = {"introspection_endpoint": None}
    hostile.script = Script(discovery=nowhere)
    assert call(app, site, fresh()) == 200
    refused = {"/userinfo": Reply(401, "{}")}
    hostile.script = Script(discovery=nowhere, replies=refused)
    assert call(app, site, fresh()) == 401


def test_a_refusal_is_not_kept(
    app: Flask, client: FlaskClient, site: Site, hostile: Hostile
) -> None:
    token = fresh()
    hostile.script = REFUSED
    assert call(app, site, token) == 401
    hostile.script = Script()
    assert call(app, site, token) == 200
