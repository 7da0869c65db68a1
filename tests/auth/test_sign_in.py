"""Signing in at the provider, over real sockets."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import requests

from app.settings import provision
from tests.running import ADA, GUS, STRANGER, UNVERIFIED, VIEWER, Browser, Site, path_of

Connection = psycopg.Connection[tuple[object, ...]]


def started(browser: Browser, next_path: str = "/docs") -> dict[str, str]:
    """The parameters of a sign-in that this browser has begun."""
    answer = browser.open(f"/auth/start?next={next_path}", follow=False)
    assert answer.status_code == 303
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def returned(browser: Browser, query: dict[str, str], email: str = ADA.email) -> str:
    """Where the provider sends the browser back to for such a request."""
    params = {**query, "login_hint": email}
    answer = requests.get(
        f"{browser.site.provider.issuer}/authorize", params=params, allow_redirects=False
    )
    return answer.headers["Location"]


def is_signed_in(browser: Browser) -> bool:
    return path_of(browser.open("/auth/login?next=/docs")) == "/docs"


def test_a_member_signs_in_and_arrives_where_they_wanted(browser: Browser) -> None:
    answer = browser.sign_in(ADA, "/docs?x=1")
    assert (answer.status_code, answer.url) == (200, browser.site.url("/docs?x=1"))
    assert is_signed_in(browser)


def test_the_request_carries_pkce_state_and_nonce(browser: Browser) -> None:
    query = started(browser)
    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert query["redirect_uri"] == browser.site.url("/auth/callback")
    assert len(query["code_challenge"]) == 43
    assert len(query["state"]) >= 20
    assert len(query["nonce"]) >= 20


@pytest.mark.parametrize("changed", ["state", "nonce", "code_challenge"])
def test_a_tampered_request_signs_nobody_in(browser: Browser, changed: str) -> None:
    query = started(browser)
    address = returned(browser, {**query, changed: "A" * 43})
    answer = browser.get(address)
    assert answer.status_code == 400
    assert not is_signed_in(browser)


def test_an_answer_stolen_from_another_browser_signs_nobody_in(
    browser: Browser, site: Site
) -> None:
    address = returned(browser, started(browser))
    with Browser(site) as other:
        assert other.get(address).status_code == 400
        assert not is_signed_in(other)


def test_an_answer_works_once(browser: Browser) -> None:
    address = returned(browser, started(browser))
    assert browser.get(address).status_code == 200
    assert browser.get(address).status_code == 400


def test_an_answer_of_another_issuer_is_refused(browser: Browser) -> None:
    address = returned(browser, started(browser))
    issuer = browser.site.provider.issuer.replace("http://", "http%3A%2F%2F")
    assert "&iss=" in address
    forged = address.replace(address.partition("&iss=")[2], "https%3A%2F%2Fevil.test")
    assert forged != address, issuer
    assert browser.get(forged).status_code == 400
    assert not is_signed_in(browser)


def test_a_refusal_at_the_provider_is_said_plainly(browser: Browser) -> None:
    query = started(browser)
    address = f"/auth/callback?error=access_denied&state={query['state']}"
    answer = browser.open(address)
    assert answer.status_code == 400
    assert "could not be completed. It was canceled" in answer.text
    assert "started elsewhere" in browser.open(address).text


@pytest.mark.parametrize(
    "target", ["https://evil.test/", "//evil.test/", "/\\evil.test/", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site(browser: Browser, target: str) -> None:
    answer = browser.get(
        browser.site.url("/auth/start"),
        params={"login_hint": ADA.email, "next": target},
        allow_redirects=False,
    )
    while "Location" in answer.headers and "/auth/callback" not in answer.url:
        answer = browser.get(answer.headers["Location"], allow_redirects=False)
    assert answer.headers["Location"] == "/"


def test_the_session_gets_a_new_id_and_the_old_one_is_dead(browser: Browser, site: Site) -> None:
    browser.open("/auth/start")
    before = browser.cookie()
    browser.sign_in(ADA)
    after = browser.cookie()
    assert before and after and before != after
    with Browser(site) as thief:
        thief.cookies.set("signed-in", before)
        assert not is_signed_in(thief)


def test_an_id_chosen_by_an_attacker_is_never_adopted(browser: Browser) -> None:
    browser.cookies.set("signed-in", "chosen-by-me", domain="127.0.0.1", path="/")
    browser.sign_in(ADA)
    assert "chosen-by-me" not in [cookie.value for cookie in browser.cookies]


def test_a_stranger_is_told_so_and_leaves_no_trace(browser: Browser, superuser: Connection) -> None:
    answer = browser.sign_in(STRANGER)
    assert answer.status_code == 403
    assert "Your account has no access yet" in answer.text
    assert not is_signed_in(browser)
    count = superuser.execute("select count(*) from member where email = %s", (STRANGER.email,))
    assert count.fetchone() == (0,)


def test_an_unverified_address_opens_nothing(browser: Browser, site: Site) -> None:
    provision.add_member(site.acme, UNVERIFIED.email, "admin")
    answer = browser.sign_in(UNVERIFIED)
    assert answer.status_code == 400
    assert "has not verified" in answer.text
    assert not is_signed_in(browser)


def test_the_first_sign_in_accepts_the_invitation(browser: Browser, superuser: Connection) -> None:
    browser.sign_in(VIEWER)
    row = superuser.execute(
        "select m.name, m.accepted_at is not null, p.subject"
        " from membership as m join member as p using (member_id) where m.email = %s",
        (VIEWER.email,),
    ).fetchone()
    assert row == ("Vic Osei", True, VIEWER.subject)


def test_an_accepted_invitation_stays_with_its_member(
    browser: Browser, site: Site, superuser: Connection
) -> None:
    """The address changed hands: its new holder does not inherit the old one's tenant."""
    browser.sign_in(GUS)
    superuser.execute("update member set subject = 'left' where email = %s", (GUS.email,))
    with Browser(site) as successor:
        assert successor.sign_in(GUS).status_code == 403
        provision.add_member(site.acme, GUS.email, "viewer")
        assert "<strong>Acme</strong>" in successor.sign_in(GUS).text
    linked = superuser.execute(
        "select count(*), count(distinct member_id) from membership where email = %s", (GUS.email,)
    )
    assert linked.fetchone() == (2, 2)
    superuser.execute("delete from membership where email = %s and role = 'viewer'", (GUS.email,))
    superuser.execute("delete from member where subject = %s", (GUS.subject,))
    superuser.execute("update member set subject = %s where email = %s", (GUS.subject, GUS.email))


def test_signing_out_ends_it_here_and_at_the_provider(browser: Browser) -> None:
    browser.sign_in(ADA)
    cookie = browser.cookie()
    away = browser.submit("/auth/logout", follow=False)
    assert away.status_code == 303
    assert away.headers["Location"].startswith(f"{browser.site.provider.issuer}/end_session?")
    back = browser.get(away.headers["Location"])
    assert path_of(back) == "/auth/signed-out"
    with Browser(browser.site) as thief:
        thief.cookies.set("signed-in", cookie)
        assert not is_signed_in(thief)
