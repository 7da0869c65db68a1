"""Rate limits: by address for sign-ins and made-up tokens, by tenant for everything else."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.factory import create_app
from app.http import limits
from tests.running import ADA, GUS, Site, forget_limits

FIGURES = "/analytics/api/v1/locations"
NO_REDIS = "redis://127.0.0.1:1/0"
WINDOW_S = 10**10  # its next end is in the year 2286


@pytest.fixture(autouse=True)
def _one_long_window(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """No window ends in the middle of a test, and none is used up before."""
    monkeypatch.setattr(limits, "_WINDOW_S", WINDOW_S)
    forget_limits(site.app)


def limited(site: Site, **settings: object) -> Flask:
    """The application with room for ten calls a tenant."""
    update = {"tenant_calls_per_minute": 10, **settings}
    return create_app(site.config.model_copy(update=update))


def call(client: FlaskClient, headers: dict[str, str], address: str = "192.0.2.1") -> TestResponse:
    return client.get(FIGURES, headers=headers, environ_overrides={"REMOTE_ADDR": address})


@pytest.mark.parametrize("settings", [{}, {"redis_url": NO_REDIS}], ids=["redis", "memory"])
def test_a_tenant_that_asks_too_much_waits_and_no_other_does(
    site: Site, settings: dict[str, object]
) -> None:
    client = limited(site, **settings).test_client()
    own = site.headers(ADA)
    answers = [call(client, own) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert [answer.headers["RateLimit-Remaining"] for answer in answers[:3]] == ["9", "8", "7"]
    refused = answers[-1]
    assert refused.headers["RateLimit-Limit"] == refused.headers["X-RateLimit-Limit"] == "10"
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert 0 < int(refused.headers["Retry-After"]) <= WINDOW_S
    assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"]
    assert refused.get_json()["error"] == "too_many_requests"
    stranger = call(client, site.headers(GUS, site.globex))
    assert (stranger.status_code, stranger.headers["RateLimit-Remaining"]) == (200, "9")


def test_whoever_has_no_access_uses_up_nothing_of_a_tenant(site: Site) -> None:
    client = limited(site).test_client()
    foreign = {**site.headers(GUS), "X-Tenant-Id": str(site.acme)}
    made_up = {"Authorization": "Bearer made-up", "X-Tenant-Id": str(site.acme)}
    for _ in range(11):
        assert call(client, foreign).status_code == 403
        assert call(client, made_up).status_code == 401
    assert call(client, site.headers(ADA)).headers["RateLimit-Remaining"] == "9"


def test_the_default_lets_a_tenant_make_1200_calls_a_minute(site: Site) -> None:
    assert site.config.tenant_calls_per_minute >= 1200
    answer = call(site.app.test_client(), site.headers(ADA))
    assert int(answer.headers["RateLimit-Limit"]) >= 1200


@pytest.mark.parametrize("token", ["made-up", "sit_" + "A" * 64])
def test_a_wrong_token_gets_its_401_120_times_a_minute(site: Site, token: str) -> None:
    client = site.app.test_client()
    headers = {"Authorization": f"Bearer {token}", "X-Tenant-Id": str(site.acme)}
    statuses = [call(client, headers).status_code for _ in range(125)]
    assert statuses == [401] * 120 + [429] * 5
    assert call(client, headers, "192.0.2.2").status_code == 401, "another address is not concerned"
    assert call(client, site.headers(ADA)).status_code == 200, "nor is a good token"


def test_a_flood_of_made_up_tokens_is_not_passed_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ASKED_TOKENS", 5)
    client = site.app.test_client()
    known = site.headers(ADA)
    assert call(client, known).status_code == 200
    for number in range(7):
        call(client, {**known, "Authorization": f"Bearer made-up-{number}"})
    assert call(client, known).status_code == 200, "what is remembered needs no question"
    assert call(client, site.headers(ADA)).status_code == 429
    assert call(client, site.headers(ADA), "192.0.2.2").status_code == 200


@pytest.mark.parametrize("path", ["/auth/start", "/auth/api/v1/login"])
def test_sign_ins_are_counted_by_address(site: Site, path: str) -> None:
    client = limited(site).test_client()

    def start(address: str) -> TestResponse:
        return client.get(path, base_url=site.base_url, environ_overrides={"REMOTE_ADDR": address})

    answers = [start("192.0.2.7") for _ in range(61)]
    assert answers[0].headers["RateLimit-Limit"] == "60"
    assert {answer.status_code for answer in answers[:60]} <= {200, 303}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert start("192.0.2.8").status_code in (200, 303)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_a_line_is_counted_as_one(site: Site, one: str, other: str, is_same: bool) -> None:
    def name(address: str) -> str:
        with site.app.test_request_context(environ_overrides={"REMOTE_ADDR": address}):
            return limits.address_of_caller()

    assert (name(one) == name(other)) is is_same
