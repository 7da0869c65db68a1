"""What every response tells the browser, and whom we believe about it."""

from __future__ import annotations

import json
import re

import pytest
import requests
from flask import request

from app.factory import create_app
from tests.running import ADA, Browser, Site, log_lines

PATHS = ("/auth/login", "/nowhere", "/analytics/api/v1/stats", "/health", "/docs", "/static/none")


@pytest.mark.parametrize("path", PATHS)
def test_every_response_is_guarded(site: Site, path: str) -> None:
    headers = requests.get(site.url(path)).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert f"form-action 'self' {site.provider.issuer};" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "private, no-store"
    assert re.fullmatch(r"\d+\.\d+", headers["X-Process-Time"])
    assert re.fullmatch(r"[0-9a-f]{32}", headers["X-Request-Id"])


def test_files_with_a_version_are_kept_and_others_are_asked_for(site: Site) -> None:
    page = requests.get(site.url("/auth/login")).text
    versioned = re.search(r'href="(/static/css/[^"]+\?v=[^"]+)"', page)
    assert versioned
    kept = requests.get(site.url(versioned[1]))
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    plain = requests.get(site.url(versioned[1].partition("?")[0]))
    assert plain.headers["Cache-Control"] == "public, no-cache"
    assert "Set-Cookie" not in kept.headers


def test_the_cookie_is_closed_to_scripts_and_other_sites(browser: Browser) -> None:
    cookie = browser.open("/nowhere").headers["Set-Cookie"]
    assert cookie.startswith("signed-in=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_in_production_the_cookie_belongs_to_the_host_alone(site: Site) -> None:
    settings = {
        "app_env": "production",
        "base_url": "https://shop.example.test",
        "oidc_issuer": "https://id.example.test",
    }
    app = create_app(site.config.model_copy(update=settings))
    answer = app.test_client().get("/nowhere", base_url="https://shop.example.test")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-signed-in=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_sign_in_begins_at_the_public_address(site: Site) -> None:
    answer = site.app.test_client().get("/auth/start?next=/docs", base_url="http://localhost:1")
    assert answer.headers["Location"] == site.url("/auth/start?next=/docs")


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address", "scheme"),
    [
        ("", "203.0.113.9", "10.0.0.1", "http"),
        ("10.0.0.0/8", "203.0.113.9", "203.0.113.9", "https"),
        ("10.0.0.0/8", "1.1.1.1, 203.0.113.9", "203.0.113.9", "https"),
        ("10.0.0.0/8", "203.0.113.9, 10.0.0.7", "203.0.113.9", "https"),
        ("10.0.0.0/8", "<script>", "10.0.0.1", "https"),
        ("192.168.0.0/16", "203.0.113.9", "10.0.0.1", "http"),
    ],
)
def test_only_listed_hops_are_believed(
    site: Site, trusted: str, forwarded: str, address: str, scheme: str
) -> None:
    app = create_app(site.config.model_copy(update={"trusted_proxies": trusted}))
    seen = []
    app.before_request(lambda: seen.append((request.remote_addr, request.scheme)))
    app.test_client().get(
        "/health",
        environ_base={"REMOTE_ADDR": "10.0.0.1"},
        headers={"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"},
    )
    assert seen == [(address, scheme)]


def test_health_names_the_service(site: Site) -> None:
    app = create_app(site.config.model_copy(update={"app_service": "data"}))
    answer = app.test_client().get("/health").get_json()
    assert set(answer) == {"service", "version", "status", "timestamp"}
    assert (answer["service"], answer["status"]) == ("data-ingestion-service", "healthy")
    assert app.test_client().get("/health/live").status_code == 200
    assert app.test_client().get("/health/ready").get_json()["checks"] == {
        "database": "ok",
        "redis": "ok",
    }


@pytest.mark.parametrize(
    ("service", "open_path", "closed_path"),
    [
        ("auth", "/auth/login", "/analytics/api/v1/stats"),
        ("data", "/data/api/v1/availability", "/auth/login"),
        ("analytics", "/analytics/api/v1/stats", "/data/api/v1/availability"),
    ],
)
def test_a_process_serves_its_own_service_alone(
    site: Site, service: str, open_path: str, closed_path: str
) -> None:
    app = create_app(site.config.model_copy(update={"app_service": service}))
    assert app.test_client().get(open_path).status_code in (200, 401)
    assert app.test_client().get(closed_path).status_code == 404


def test_a_crash_shows_a_reference_and_logs_the_cause(site: Site) -> None:
    app = create_app(site.config)

    def broken() -> str:
        raise RuntimeError("password=hunter2 of ada@acme.example")

    app.view_functions["status.docs"] = broken
    app.view_functions["auth_api.login"] = broken
    page = app.test_client().get("/docs")
    assert page.status_code == 500 or page.status_code == 303
    answer = app.test_client().get("/auth/api/v1/login", headers=site.headers(ADA))
    assert (answer.status_code, answer.get_json()) == (500, {"error": "Internal server error"})
    last = json.loads(log_lines(site.config, "auth-service-error").splitlines()[-1])
    assert last["request_id"] == answer.headers["X-Request-Id"]
    assert "RuntimeError: password=[redacted] of [email]" in last["traceback"]


def test_the_api_describes_itself(site: Site) -> None:
    described = requests.get(site.url("/openapi.json")).json()
    assert described["openapi"] == "3.1.0"
    assert set(described["components"]["securitySchemes"]) == {"bearer", "tenant"}
    paths = {str(r) for r in site.app.url_map.iter_rules() if "/api/" in str(r)}
    assert {re.sub(r"<(\w+:)?(\w+)>", r"{\2}", path) for path in paths} == set(described["paths"])
    stats = described["paths"]["/analytics/api/v1/stats"]["get"]
    assert {p["name"] for p in stats["parameters"]} == {
        "start_date",
        "end_date",
        "location_id",
        "compare",
    }
    revenue = described["components"]["schemas"]["Stats"]["properties"]["revenue"]
    assert revenue["type"] == "string"
    assert "/analytics/api/v1/stats" in requests.get(site.url("/docs")).text
