"""Microsoft Entra, Okta, Google and Keycloak as they really answer: who gets in, and why not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from werkzeug.serving import make_server

from app.auth.sign_in import provider as oidc_provider
from app.factory import create_app
from dev.process import free_port
from tests.auth.hostile import Hostile, Reply, Script, running
from tests.auth.named_providers import (
    ENTRA,
    ENTRA_SHARED,
    ENTRA_UNMARKED,
    GOOGLE,
    GROUPS,
    KEYCLOAK,
    OKTA,
    OTHER_TENANT,
    OVERAGE,
    TENANT,
    Named,
)
from tests.running import ADA, CLIENT_SECRET, Browser, Site, forget_limits, path_of

Connection = psycopg.Connection[tuple[object, ...]]
ABSENT = "does not say whether your email address is verified"
FALSE = "has not verified your email address"
MISSING = "did not give us your email address"
MISSING_MAIL = {"email": None, "email_verified": None}


class Door:
    """The application at a scripted provider, both on sockets, and one browser."""

    def __init__(self, site: Site, hostile: Hostile, browser: Browser) -> None:
        self.site, self.hostile, self.browser = site, hostile, browser

    def set_up(self, named: Named, trust: str = "claim", **changes: Any) -> None:
        """Make the provider this one, and the application's settings fit it."""
        base = self.hostile.issuer
        self.hostile.script = named.script(base, **changes)
        update = {"oidc_issuer": base + named.configured, "oidc_email_trust": trust}
        oidc_provider.configure(self.site.app, self.site.config.model_copy(update=update))

    def sign_in(self) -> tuple[bool, str]:
        """Whether Ada got in, and the page she ended on."""
        answer = self.browser.sign_in(ADA, "/docs")
        return path_of(answer) == "/docs", answer.text


@pytest.fixture(scope="module")
def served(site: Site) -> Iterator[tuple[Site, Hostile]]:
    """The application on a socket of its own, at a scripted provider."""
    port = free_port()
    with running(ADA.email, CLIENT_SECRET) as hostile:
        config = site.config.model_copy(
            update={"base_url": f"http://127.0.0.1:{port}", "oidc_issuer": hostile.issuer}
        )
        app = create_app(config)
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield replace(site, app=app, config=config, base_url=config.base_url), hostile
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def door(served: tuple[Site, Hostile], superuser: Connection) -> Iterator[Door]:
    """A browser at the door; whoever came before is forgotten."""
    site, hostile = served
    superuser.execute("update membership set member_id = null, accepted_at = null")
    superuser.execute("delete from member where issuer like %s", (f"{hostile.issuer}%",))
    forget_limits(site.app)
    with Browser(site) as browser:
        yield Door(site, hostile, browser)


PEOPLE = {
    "entra with xms_edov": (ENTRA, "claim", {}),
    "entra with xms_edov as text": (ENTRA, "claim", {"xms_edov": "1"}),
    "entra without a mark, trusted": (ENTRA_UNMARKED, "provider", {}),
    "entra for many tenants": (ENTRA_SHARED, "claim", {}),
    "entra, too many groups to list": (ENTRA, "claim", OVERAGE),
    "entra, a token over 16 KB": (ENTRA, "claim", {"groups": GROUPS}),
    "entra, no address in the token": (ENTRA, "provider", {"email": None, "xms_edov": None}),
    "okta": (OKTA, "claim", {}),
    "okta with a thin token": (OKTA, "claim", {"email": None, "name": None}),
    "google": (GOOGLE, "claim", {}),
    "keycloak": (KEYCLOAK, "claim", {}),
}


@pytest.mark.parametrize("case", PEOPLE)
def test_a_member_signs_in_at(door: Door, superuser: Connection, case: str) -> None:
    named, trust, changes = PEOPLE[case]
    door.set_up(named, trust, **changes)
    is_in, page = door.sign_in()
    assert is_in, page
    kept = superuser.execute(
        "select p.issuer, p.subject, p.email, p.name from member as p"
        " join membership as m using (member_id) where m.tenant_id = %s",
        (door.site.acme,),
    ).fetchone()
    issuer = door.hostile.issuer + named.tokens_issuer
    assert kept == (issuer, named.subject, ADA.email, ADA.name)


REFUSALS = {
    "entra says nothing": (ENTRA_UNMARKED, "claim", {}, {}, ABSENT),
    "entra says no": (ENTRA, "claim", {"xms_edov": False}, {}, FALSE),
    "entra says no and is trusted": (ENTRA, "provider", {"xms_edov": "0"}, {}, FALSE),
    "entra says both": (ENTRA, "provider", {"email_verified": False}, {}, FALSE),
    "entra has no address": (ENTRA, "provider", {"email": None}, {"email": None}, MISSING),
    "entra for many tenants is never trusted": (
        ENTRA_SHARED,
        "provider",
        {"xms_edov": None},
        {},
        ABSENT,
    ),
    "okta says no in userinfo": (OKTA, "provider", {}, {"email_verified": False}, FALSE),
    "okta says nothing": (OKTA, "claim", {}, {"email_verified": None}, ABSENT),
    "okta vouches for another address": (
        OKTA,
        "claim",
        {},
        {"email": "eve@acme.example"},
        "contradicts itself about your email",
    ),
    "okta vouches for nothing it names": (OKTA, "claim", {}, {"email": None}, ABSENT),
    "google says no": (GOOGLE, "provider", {"email_verified": False}, {}, FALSE),
    "keycloak says no": (KEYCLOAK, "provider", {"email_verified": "false"}, {}, FALSE),
    "keycloak has no address": (KEYCLOAK, "claim", {"email": None}, {"email": None}, MISSING),
    "a mark without an address is about nothing": (
        KEYCLOAK,
        "claim",
        {"email": None},
        {"email_verified": None},
        ABSENT,
    ),
    "a token of another tenant": (
        ENTRA_SHARED,
        "claim",
        {"tid": OTHER_TENANT},
        {},
        "It comes from another service",
    ),
    "a token of no tenant": (
        ENTRA_SHARED,
        "claim",
        {"tid": None},
        {},
        "It comes from another service",
    ),
    "a token of a tenant that is none": (
        ENTRA_SHARED,
        "claim",
        {"tid": "x/../" + TENANT},
        {},
        "It comes from another service",
    ),
    "a token longer than any": (ENTRA, "claim", {"groups": GROUPS * 5}, {}, "in too many groups"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_nobody_gets_in_when(door: Door, superuser: Connection, case: str) -> None:
    named, trust, changes, userinfo, said = REFUSALS[case]
    changed = replace(named, userinfo={"email": ADA.email, **named.userinfo, **userinfo})
    door.set_up(changed, trust, **changes)
    is_in, page = door.sign_in()
    assert (is_in, said in page) == (False, True), page
    count = superuser.execute(
        "select count(*) from member where issuer like %s", (f"{door.hostile.issuer}%",)
    ).fetchone()
    assert count == (0,)


def test_the_three_messages_differ() -> None:
    assert len({ABSENT, FALSE, MISSING}) == 3


def test_an_address_beside_the_code_must_be_of_the_token_s_tenant(door: Door) -> None:
    named = replace(ENTRA_SHARED, is_quiet=False)
    door.set_up(named)
    assert door.sign_in()[0]
    with Browser(door.site) as other:
        door.browser = other
        answer = other.get(door.site.url("/auth/start"), allow_redirects=False)
        way = other.get(answer.headers["Location"], allow_redirects=False).headers["Location"]
        assert TENANT in way
        assert other.get(way.replace(TENANT, OTHER_TENANT)).status_code == 400


def test_a_key_of_another_tenant_signs_nothing(door: Door) -> None:
    base = f"{door.hostile.issuer}/{{tenantid}}/v2.0"
    door.set_up(replace(ENTRA_SHARED, key_extra={"issuer": base}))
    assert door.sign_in()[0], "a key for every tenant"
    foreign = base.replace("{tenantid}", OTHER_TENANT)
    door.set_up(replace(ENTRA_SHARED, key_extra={"issuer": foreign}))
    with Browser(door.site) as door.browser:
        assert "signature does not hold" in door.sign_in()[1]


def test_a_long_token_stays_out_of_cookies_and_addresses(door: Door) -> None:
    door.set_up(ENTRA, groups=GROUPS)
    door.hostile.script.discovery["end_session_endpoint"] = f"{door.hostile.issuer}/end"
    assert door.sign_in()[0]
    assert sum(len(cookie.value or "") for cookie in door.browser.cookies) < 500
    away = door.browser.submit("/auth/logout", follow=False).headers["Location"]
    assert away.startswith(f"{door.hostile.issuer}/end?") and len(away) < 500


@pytest.mark.parametrize("path", ["/token", "/jwks", "/userinfo", "/discovery"])
@pytest.mark.parametrize(
    "reply",
    [Reply(cut=True), Reply(body="[" * 100_000), Reply(body='{"a": "\\ud800"', cut=True)],
    ids=["cut", "nested", "cut in a character"],
)
def test_half_an_answer_is_the_provider_s_fault(door: Door, path: str, reply: Reply) -> None:
    door.set_up(OKTA)
    place = "/.well-known/openid-configuration" if path == "/discovery" else path
    door.hostile.script.replies[place] = reply
    answer = door.browser.sign_in(ADA)
    assert (answer.status_code, "cannot be reached" in answer.text) == (503, True)
    door.hostile.script.replies.clear()
    assert door.sign_in()[0], "the next try is a new one"


@pytest.mark.parametrize(
    "told",
    [
        {"name": "A\0da \ud800"},
        {"sub": "s\0"},
        {"sub": "\ud800"},
        {"email": "a\0@b.example"},
        {"email": "\ud800@b.example"},
    ],
    ids=["name", "subject", "half a subject", "address", "half an address"],
)
def test_what_a_database_cannot_keep_is_no_crash(door: Door, told: dict[str, Any]) -> None:
    door.set_up(replace(OKTA, userinfo={**OKTA.userinfo, **told}), email=None, name=None)
    answer = door.browser.sign_in(ADA)
    assert answer.status_code == (200 if "name" in told else 400), answer.text


def test_a_script_starts_empty() -> None:
    """Scripts are changed in place above; each provider makes its own."""
    assert Script().replies == {} and OKTA.script("x").replies is not OKTA.script("x").replies
