"""Bearer tokens and tenants on every JSON route."""

from __future__ import annotations

import re

import psycopg
import pytest
import requests

from app.auth.tokens.provider_answers import key_of
from tests.running import (
    ADA,
    GUS,
    REP,
    STRANGER,
    UNVERIFIED,
    Browser,
    Site,
    forget_limits,
    port,
    provider,
    site,
)

__all__ = ["port", "provider", "site"]

UNKNOWN = "00000000-0000-0000-0000-000000000000"
READING = (
    "/analytics/api/v1/orders",
    "/analytics/api/v1/sessions",
    "/analytics/api/v1/stats",
    "/analytics/api/v1/stats/chart",
    "/analytics/api/v1/stats/complete",
    "/analytics/api/v1/stats/locations",
    "/analytics/api/v1/stats/quality",
    f"/analytics/api/v1/stats/quality/{UNKNOWN}",
    "/analytics/api/v1/locations",
    "/analytics/api/v1/tasks/purchases",
    "/analytics/api/v1/tasks/cart-abandonment",
    "/analytics/api/v1/tasks/search-analysis",
    "/analytics/api/v1/tasks/repeat-visits",
    "/analytics/api/v1/tasks/performance",
    f"/analytics/api/v1/history/session/{UNKNOWN}",
    f"/analytics/api/v1/history/user/{UNKNOWN}",
    "/data/api/v1/ingest/jobs",
    f"/data/api/v1/ingest/{UNKNOWN}",
    "/analytics/api/v1/email/mappings",
    "/analytics/api/v1/email/jobs",
    f"/analytics/api/v1/email/jobs/{UNKNOWN}",
    "/analytics/api/v1/email/history",
    "/analytics/api/v1/email/schedule",
    "/auth/api/v1/tenant",
    "/data/api/v1/schedule",
    "/data/api/v1/availability",
)
CHANGING = (
    "/data/api/v1/ingest/start",
    f"/data/api/v1/ingest/{UNKNOWN}/cancel",
    f"/data/api/v1/ingest/{UNKNOWN}/load-held",
    "/analytics/api/v1/email/mappings",
    "/analytics/api/v1/email/send",
    "/auth/api/v1/tenant/validate",
    "/data/api/v1/schedule/run",
)
MAPPING = f"/analytics/api/v1/email/mappings/{UNKNOWN}"
MAIL_SCHEDULE = "/analytics/api/v1/email/schedule"
PUTTING = (MAPPING, MAIL_SCHEDULE, "/auth/api/v1/tenant", "/data/api/v1/schedule")
PATCHING = (f"/analytics/api/v1/tasks/{UNKNOWN}",)
ROUTES = [
    *(("GET", path) for path in READING),
    *(("POST", path) for path in CHANGING),
    *(("PUT", path) for path in PUTTING),
    ("DELETE", "/data/api/v1/schedule"),
    ("DELETE", MAPPING),
    ("DELETE", MAIL_SCHEDULE),
    *(("PATCH", path) for path in PATCHING),
]


def call(site: Site, method: str, path: str, headers: dict[str, str]) -> requests.Response:
    return requests.request(method, site.url(path), headers=headers)


def test_every_json_route_is_in_the_lists_above(site: Site) -> None:
    listed = {path for _, path in ROUTES}
    open_routes = {f"/auth/api/v1/{name}" for name in ("login", "callback", "logout", "validate")}
    rules = (str(rule) for rule in site.app.url_map.iter_rules())
    known = {re.sub(r"<[^>]+>", UNKNOWN, rule) for rule in rules if "/api/" in rule}
    assert known == listed | open_routes


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_a_token_nothing_is_told(site: Site, method: str, path: str) -> None:
    headers = {"X-Tenant-Id": str(site.acme)}
    if method != "GET":
        headers["Origin"] = site.base_url
    answer = call(site, method, path, headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert set(answer.json()) == {"error", "message", "request_id"}
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_with_an_invalid_token_nothing_is_told(site: Site, method: str, path: str) -> None:
    headers = {"Authorization": "Bearer wrong", "X-Tenant-Id": str(site.acme)}
    assert call(site, method, path, headers).status_code == 401


@pytest.mark.parametrize("tenant", ["missing", "nonsense", UNKNOWN, "globex", "suspended"])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_other_tenants_are_closed(
    site: Site,
    method: str,
    path: str,
    tenant: str,
    superuser: psycopg.Connection[tuple[object, ...]],
) -> None:
    headers = site.headers(REP)
    ids = {"globex": str(site.globex), "suspended": str(site.acme)}
    headers["X-Tenant-Id"] = ids.get(tenant, tenant)
    if tenant == "missing":
        del headers["X-Tenant-Id"]
    statement = "update tenant set is_suspended = %s where slug = 'acme'"
    superuser.execute(statement, (tenant == "suspended",))
    answer = call(site, method, path, headers)
    superuser.execute(statement, (False,))
    assert answer.status_code == 403
    assert answer.json()["error"] == "forbidden"


@pytest.mark.parametrize("member", [STRANGER, GUS])
def test_a_valid_token_of_someone_else_opens_nothing(site: Site, member: object) -> None:
    assert site.api(READING[0], member).status_code == 403  # type: ignore[arg-type]


def test_an_unverified_address_is_invited_in_vain(site: Site) -> None:
    assert site.api(READING[0], UNVERIFIED).status_code in (400, 403)


def test_a_token_works_before_its_member_ever_signed_in(site: Site) -> None:
    answer = site.api("/auth/api/v1/validate", REP)
    assert answer.status_code == 200
    assert [(t["slug"], t["role"], t["location_ids"]) for t in answer.json()["tenants"]] == [
        ("acme", "rep", ["D01", "D02"])
    ]


def test_a_token_tells_its_tenants_without_naming_one(site: Site) -> None:
    headers = site.headers(ADA)
    del headers["X-Tenant-Id"]
    answer = requests.get(site.url("/auth/api/v1/validate"), headers=headers)
    assert [t["slug"] for t in answer.json()["tenants"]] == ["acme", "globex"]


def test_a_deactivated_member_is_out_although_the_token_is_remembered(
    site: Site, superuser: psycopg.Connection[tuple[object, ...]]
) -> None:
    headers = site.headers(REP)
    assert requests.get(site.url(READING[-1]), headers=headers).status_code == 200
    statement = "update membership set is_active = %s where email = %s"
    superuser.execute(statement, (False, REP.email))
    refused = requests.get(site.url(READING[-1]), headers=headers)
    superuser.execute(statement, (True, REP.email))
    assert refused.status_code == 403


def test_a_good_answer_is_remembered_for_a_minute_by_its_hash(site: Site) -> None:
    headers = site.headers(ADA)
    requests.get(site.url(READING[-1]), headers=headers)
    client = site.app.extensions["redis_client"]
    token = headers["Authorization"].removeprefix("Bearer ")
    assert 0 < client.ttl(key_of(token)) <= 60
    assert not [key for key in client.scan_iter() if token.encode() in key]


def test_a_revoked_token_is_out_after_signing_out(site: Site) -> None:
    headers = site.headers(ADA)
    assert requests.get(site.url(READING[-1]), headers=headers).status_code == 200
    assert requests.post(site.url("/auth/api/v1/logout"), headers=headers).status_code == 200
    assert requests.get(site.url(READING[-1]), headers=headers).status_code == 401


def test_a_signed_in_browser_does_not_open_the_json(site: Site) -> None:
    with Browser(site) as browser:
        browser.sign_in(ADA)
        assert browser.open(READING[0], headers={"X-Tenant-Id": str(site.acme)}).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/analytics/api/v1/nothing", 404),
        ("DELETE", "/analytics/api/v1/stats", 405),
        ("GET", "/data/api/v2/ingest/jobs", 404),
    ],
)
def test_unknown_addresses_answer_in_json(site: Site, method: str, path: str, status: int) -> None:
    answer = call(site, method, path, site.headers(ADA))
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "message", "request_id"}


def test_guessing_tokens_is_slowed_down(site: Site) -> None:
    """Last in this file: the address of the tests is then over its limit for a minute."""
    headers = {"Authorization": "Bearer guess", "X-Tenant-Id": str(site.acme)}
    statuses = [401]
    while statuses[-1] == 401 and len(statuses) < 250:  # a new minute counts anew
        statuses.append(requests.get(site.url(READING[0]), headers=headers).status_code)
    assert set(statuses) == {401, 429}
    forget_limits(site.app)
