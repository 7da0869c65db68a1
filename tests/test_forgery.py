"""Changes that another site's page asks for in a signed-in browser: none is made, on any route."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from tests.routes import asking, matrix
from tests.routes.matrix import Route, address, fill
from tests.routes.world import Things, digest, furnish
from tests.running import ADA, Browser, Site, port, provider, site

__all__ = ["port", "provider", "site"]

ONE_CLICK = "POST /r/<letters>/unsubscribe"  # mail programs ask for it, by a secret address
CHANGES = {
    key: route
    for key, route in matrix.load().items()
    if route.is_change and not route.is_api and key != ONE_CLICK
}


@dataclass
class Scene:
    """An admin's browser, and the request ids that were given so far."""

    site: Site
    superuser: psycopg.Connection[Any]
    browser: Browser
    things: Things
    csrf_token: str
    endpoints: Mapping[str, str]
    request_ids: list[str] = field(default_factory=list)

    def post(self, key: str, route: Route, token: str, headers: Mapping[str, str]) -> int:
        """The status of that change, asked for with this token and these headers."""
        names = asking.names_for(route, "own", self.things, self.things)
        form = {fill(name, names): fill(value, names) for name, value in route.form.items()}
        answer = self.browser.request(
            route.method,
            self.site.url(address(self.site.app, route, self.endpoints[key], names)),
            data=form | {"csrf_token": token},
            headers=headers,
            allow_redirects=False,
        )
        self.request_ids.append(answer.headers["X-Request-Id"])
        return answer.status_code


@pytest.fixture(scope="module")
def scene(site: Site, superuser: psycopg.Connection[Any]) -> Iterator[Scene]:
    with Browser(site) as browser:
        browser.sign_in(ADA)
        things = furnish(superuser, site.acme, "A")
        endpoints = matrix.endpoints_of(site.app)
        yield Scene(site, superuser, browser, things, browser.csrf_token(), endpoints)


@pytest.mark.parametrize("key", CHANGES)
def test_no_change_is_made_for_another_site(scene: Scene, key: str) -> None:
    route, own = CHANGES[key], {"Origin": scene.site.base_url}
    before = digest(scene.superuser, scene.site.acme)
    assert scene.post(key, route, scene.csrf_token, {}) == 403, "no origin"
    for origin in ("https://evil.example", "null", f"{scene.site.base_url}.evil.example"):
        assert scene.post(key, route, scene.csrf_token, {"Origin": origin}) == 403, origin
    referer = {"Referer": "https://evil.example/page"}
    assert scene.post(key, route, scene.csrf_token, referer) == 403
    if " /r/" in key:
        return  # a link in mail has a nonce in place of the token: tests/email/test_links.py
    for token in ("", "made-up", scene.csrf_token[:-1]):
        assert scene.post(key, route, token, own) == 400, token
    assert digest(scene.superuser, scene.site.acme) == before


def test_every_answer_names_its_request(scene: Scene) -> None:
    least = 8 * len(CHANGES) - 3 * sum(" /r/" in key for key in CHANGES)
    assert len(scene.request_ids) >= least, "this test looks at those above"
    assert len(set(scene.request_ids)) == len(scene.request_ids)
