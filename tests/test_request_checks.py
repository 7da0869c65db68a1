"""What no page or program of ours sends is refused at the door, whoever sends it to which route."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import requests

from app.http.api import MOST_FAULTS
from app.http.request_checks import DEEPEST, MOST_FIELDS, MOST_JSON_BYTES
from tests.routes import asking, matrix
from tests.routes.asking import names_for
from tests.routes.matrix import Route
from tests.routes.world import CALLERS, Things, furnish, people
from tests.running import Site, port, provider, site

__all__ = ["port", "provider", "site"]

MATRIX = matrix.load()
CALLBACK = "/auth/api/v1/callback"
MAPPINGS = "/analytics/api/v1/email/mappings"
UNFIT = ("a\x00b", "a\ud800b")
SOON_S = 2.0
SMALL_BYTES = 10_000


@dataclass
class Scene:
    """A site with one thing of each kind, and its callers."""

    site: Site
    things: Things
    askers: dict[str, asking.Asker]
    endpoints: dict[str, str]


@pytest.fixture(scope="module")
def config(config: Any) -> Any:
    """Without the limit that a fuzzer meets within a minute."""
    return config.model_copy(update={"tenant_calls_per_minute": 1_000_000})


@pytest.fixture(scope="module")
def scene(site: Site, superuser: psycopg.Connection[Any]) -> Iterator[Scene]:
    people(site, superuser)
    askers = {
        caller.name: asking.asker(site, superuser, caller, site.acme)
        for caller in CALLERS
        if caller.name in ("viewer", "rep", "manager", "admin")
    }
    things = furnish(superuser, site.acme, "A")
    yield Scene(site, things, askers, matrix.endpoints_of(site.app))
    for one in askers.values():
        one.browser.close()


def send(scene: Scene, route: Route, **what: Any) -> requests.Response:
    """To the route's address, as an admin."""
    admin = scene.askers["admin"]
    names = names_for(route, "own", scene.things, scene.things)
    path = matrix.address(scene.site.app, route, scene.endpoints[route.key], names)
    origin = {"Origin": scene.site.base_url}
    if route.is_api:
        headers = {**admin.headers, **origin, **what.pop("headers", {})}
        url = scene.site.url(path)
        return requests.request(route.method, url, headers=headers, timeout=30, **what)
    return admin.browser.request(
        route.method, scene.site.url(path), headers=origin, allow_redirects=False, **what
    )


@pytest.mark.parametrize("key", [key for key, route in MATRIX.items() if not route.ends])
def test_text_that_cannot_be_stored_is_refused_by_every_route(scene: Scene, key: str) -> None:
    route, found = MATRIX[key], {}
    found["query"] = send(scene, route, params={"query": "a\x00b"})
    found["name in the query"] = send(scene, route, params={"a\x00b": "1"})
    if route.is_api and route.is_change:
        for text in UNFIT:
            found[f"{text!r} in JSON"] = send(scene, route, json={"note": [{"a": text}]})
            found[f"{text!r} as a key"] = send(scene, route, json={text: 1})
    elif route.is_change:
        found["form"] = send(scene, route, data={"note": "a\x00b"})
        found["file's name"] = send(scene, route, files={"file": ("a\x00b.csv", b"a")})
        found["multipart"] = send(scene, route, files={"note": (None, "a\x00b")})
    for what, answer in found.items():
        assert answer.status_code == 400, (what, answer.status_code)


def deep(levels: int) -> str:
    return '{"code":' + "[" * levels + "]" * levels + "}"


BODIES = {
    "many keys": (json.dumps({f"k{n}": n for n in range(120_000)}), 413),
    "many keys, few bytes": ("{" + ",".join(f'"{n}":1' for n in range(MOST_FIELDS + 1)) + "}", 413),
    "many values": (json.dumps({"code": [0] * (MOST_FIELDS + 1)}), 413),
    "bytes": (json.dumps({"code": "x" * MOST_JSON_BYTES}), 413),
    "deep": (deep(100_000), 413),
    "deep, few bytes": (deep(90_000), 400),
    "deeper than allowed": (deep(DEEPEST), 400),
    "a long number": ('{"code": ' + "9" * 5_000 + "}", 400),
    "NaN": ('{"code": NaN}', 400),
    "Infinity": ('{"code": -Infinity}', 400),
    "cut": ('{"code": "x', 400),
    "no UTF-8": (b'{"code": "\xff\xfe"}', 400),
    "a list": ("[1]", 400),
    "as many keys as allowed": (json.dumps({f"k{n}": n for n in range(MOST_FIELDS - 1)}), 422),
    "as deep as allowed": (deep(DEEPEST - 2), 422),
    "long names": (json.dumps({f"k{n}" * 500: n for n in range(60)}), 422),
}


@pytest.mark.parametrize("path", [CALLBACK, MAPPINGS])
@pytest.mark.parametrize(
    ("name", "is_chunked"),
    [(name, False) for name in BODIES]
    # A server that refuses more than it wants to read ends the connection.
    + [(name, True) for name, (body, _) in BODIES.items() if len(body) < MOST_JSON_BYTES],
)
def test_a_body_is_bounded_before_it_is_judged(
    scene: Scene, name: str, path: str, is_chunked: bool
) -> None:
    text, wanted = BODIES[name]
    body = text if isinstance(text, bytes) else text.encode()
    headers = {"Content-Type": "application/json", "Origin": scene.site.base_url}
    if path == MAPPINGS:
        headers |= scene.askers["admin"].headers
    began = time.monotonic()
    answer = requests.post(
        scene.site.url(path), iter([body]) if is_chunked else body, headers=headers, timeout=30
    )
    assert answer.status_code == wanted, answer.text[:300]
    assert time.monotonic() - began < SOON_S
    assert len(answer.content) < SMALL_BYTES
    assert len(answer.json().get("fields", {})) <= MOST_FAULTS


@pytest.mark.parametrize("body", [b"{", b"x" * 1_900_000], ids=["no JSON", "large"])
@pytest.mark.parametrize(
    "key", [key for key, r in MATRIX.items() if r.is_api and r.is_change and not r.is_open]
)
def test_who_asks_is_known_before_the_body_is_read(scene: Scene, key: str, body: bytes) -> None:
    unknown = {"Authorization": "Bearer x", "Content-Type": "application/json"}
    assert send(scene, MATRIX[key], data=body, headers=unknown).status_code == 401


@pytest.mark.parametrize("key", [key for key, r in MATRIX.items() if r.is_api and not r.is_open])
def test_a_role_is_refused_before_the_body_is_read(scene: Scene, key: str) -> None:
    route = MATRIX[key]
    for role, who in scene.askers.items():
        headers = {**who.headers, "Content-Type": "application/json"}
        for body in (b'{"unknown": 1}', b"{"):
            data = body if route.is_change else None
            answer = send(scene, route, data=data, headers=headers)
            assert (answer.status_code == 403) == (role not in route.may), (role, answer.text[:200])


def test_a_form_is_bounded(scene: Scene) -> None:
    many, large = "a&" * (MOST_FIELDS + 1), "a=" + "x" * 600_000
    parts = [("a", (None, "1"))] * 1_500
    route = MATRIX["POST /analytics/queue/bulk"]
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Origin": scene.site.base_url}
    browser, url = scene.askers["admin"].browser, scene.site.url("/analytics/queue/bulk")
    for data in (many, large, iter([many.encode()])):
        assert browser.post(url, data, headers=kind).status_code == 413
    assert send(scene, route, files=parts).status_code == 413
    assert browser.get(scene.site.url(f"/analytics/queue?{many}")).status_code in (400, 413, 414)


ELSEWHERE = "https://evil.example"
TOKEN, COOKIE = "token", "cookie"


@pytest.mark.parametrize(
    ("path", "sent", "wanted"),
    [
        ("/auth/logout", (TOKEN,), 403),
        ("/auth/logout", (TOKEN, COOKIE), 403),
        ("/preferences/theme", (TOKEN,), 403),
        ("/analytics/queue/bulk", (TOKEN, COOKIE), 403),
        (CALLBACK, (TOKEN, COOKIE), 403),
        ("/auth/api/v1/logout", (TOKEN, COOKIE), 403),
        ("/auth/api/v1/logout", (COOKIE,), 403),
        ("/auth/api/v1/logout", (), 403),
        (MAPPINGS, (TOKEN,), 422),
        (MAPPINGS, (TOKEN, COOKIE), 403),
    ],
)
def test_a_token_excuses_no_page_from_saying_where_it_comes_from(
    scene: Scene, path: str, sent: tuple[str, ...], wanted: int
) -> None:
    admin, headers = scene.askers["admin"], {"Origin": ELSEWHERE}
    if TOKEN in sent:
        headers |= admin.headers
    cookies = {"signed-in": admin.browser.cookie() or ""} if COOKIE in sent else {}
    url = scene.site.url(path)
    answer = requests.post(url, json={}, headers=headers, cookies=cookies, timeout=30)
    assert answer.status_code == wanted, answer.text[:200]


@pytest.mark.parametrize(
    "at", ["9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+23:59", "soon", "2026-01-01"]
)
def test_an_instant_outside_the_calendar_is_refused(scene: Scene, at: str) -> None:
    customer = f"/analytics/customers/{scene.things['customer']}"
    asked = {"at": at, "kind": "order", "key": "x"}
    browser = scene.askers["admin"].browser
    answer = browser.get(scene.site.url(customer), params=asked)
    assert answer.status_code == 400
