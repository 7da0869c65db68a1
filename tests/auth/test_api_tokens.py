"""Personal API tokens: shown once, their member's rights of the moment, one tenant, some scopes."""

from __future__ import annotations

import re
from uuid import UUID

import psycopg
import pytest
import requests

from app.auth.tokens import api_tokens
from app.database.engine import tenant_transaction
from tests.page import check_page
from tests.running import ADA, GUS, REP, VIEWER, Browser, Member, Site

Connection = psycopg.Connection[tuple[object, ...]]
NOWHERE = "00000000-0000-0000-0000-000000000000"
FIGURES = "/analytics/api/v1/locations"
STATS = "/analytics/api/v1/stats"
INGEST = f"/data/api/v1/ingest/{NOWHERE}/cancel"
TASK = f"/analytics/api/v1/tasks/{NOWHERE}"


def made(site: Site, member: Member, scopes: list[str], name: str = "Export") -> str:
    """A token made on the page by that member."""
    with Browser(site) as browser:
        browser.sign_in(member)
        answer = browser.post(
            site.url("/auth/tokens"),
            {
                "csrf_token": browser.csrf_token(),
                "name": name,
                "scopes": scopes,
                "lifetime_days": "30",
            },
            headers={"Origin": site.base_url},
        )
    found = re.search(r'value="(sit_[^"]+)"', answer.text)
    assert found, answer.text
    return found[1]


def call(
    site: Site, token: str, path: str = FIGURES, method: str = "GET", tenant: UUID | None = None
) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}", "X-Tenant-Id": str(tenant or site.acme)}
    json = {"action": "reopen"} if method == "PATCH" else None
    return requests.request(method, site.url(path), headers=headers, json=json)


@pytest.fixture(scope="module")
def token(site: Site) -> str:
    """One of the admin's, for reading."""
    return made(site, ADA, ["read"])


def test_a_token_opens_what_its_member_may_read(site: Site, token: str) -> None:
    assert call(site, token).status_code == 200
    headers = {"Authorization": f"Bearer {token}"}
    account = requests.get(site.url("/auth/api/v1/validate"), headers=headers).json()
    assert (account["email"], [t["slug"] for t in account["tenants"]]) == (ADA.email, ["acme"])


def test_a_token_works_in_its_own_tenant_alone(site: Site, token: str) -> None:
    assert call(site, token, tenant=site.globex).status_code == 403
    assert (
        requests.get(site.url(FIGURES), headers={"Authorization": f"Bearer {token}"}).status_code
        == 403
    )


@pytest.mark.parametrize(
    ("scope", "open_to"), [("read", FIGURES), ("work", TASK), ("ingest", INGEST), ("admin", None)]
)
def test_a_token_does_what_it_was_made_for(site: Site, scope: str, open_to: str | None) -> None:
    held = made(site, ADA, [scope])
    methods = {FIGURES: "GET", TASK: "PATCH", INGEST: "POST"}
    for path, method in methods.items():
        answer = call(site, held, path, method)
        assert (answer.status_code == 403) is (path != open_to), (path, answer.text)
        if path != open_to:
            assert "lacks the scope" in answer.json()["message"]


def test_a_token_is_kept_as_a_hash_and_shown_once(
    site: Site, token: str, superuser: Connection
) -> None:
    row = superuser.execute(
        "select length(token_hash), token_start from api_token where name = 'Export' limit 1"
    ).fetchone()
    assert row is not None and row[0] == 32
    stored = superuser.execute("select string_agg(t::text, '') from api_token as t").fetchone()
    assert stored is not None and token not in str(stored[0]) and token[12:] not in str(stored[0])
    with Browser(site) as browser:
        browser.sign_in(ADA)
        page = browser.open("/auth/tokens")
        check_page(page)
    assert token[:10] in page.text and token not in page.text


@pytest.mark.parametrize("change", ["deactivated", "suspended", "narrower", "expired", "revoked"])
def test_a_token_follows_what_becomes_of_its_member(
    site: Site, superuser: Connection, change: str
) -> None:
    held = made(site, REP, ["read"], "Follows")
    assert call(site, held, STATS).status_code == 200
    member = "update membership set {} where email = %s"
    there_and_back = {
        "deactivated": (member.format("is_active = false"), member.format("is_active = true"), 403),
        "suspended": (
            "update tenant set is_suspended = true where slug = 'acme' and %s <> ''",
            "update tenant set is_suspended = false where %s <> ''",
            403,
        ),
        "narrower": (
            member.format("location_ids = '{}'"),
            member.format("location_ids = '{D01,D02}'"),
            403,
        ),
        "expired": (
            "update api_token set created_at = now() - interval '9 days', expires_at ="
            " now() - interval '1 s' where name = 'Follows' and %s <> ''",
            None,
            401,
        ),
        "revoked": (
            "update api_token set revoked_at = now() where name = 'Follows' and %s <> ''",
            None,
            401,
        ),
    }
    there, back, status = there_and_back[change]
    superuser.execute(there, (REP.email,))
    answer = call(site, held, STATS)
    if back:
        superuser.execute(back, (REP.email,))
    assert answer.status_code == status
    assert call(site, held, STATS).status_code == (200 if back else 401)


def test_what_is_no_token_of_ours_is_refused_and_never_shown_to_the_provider(site: Site) -> None:
    for wrong in ("sit_", "sit_" + "A" * 64, "sit_" + "é" * 64, "sit_" + "A" * 63):
        answer = requests.get(
            site.url(FIGURES),
            headers={"Authorization": f"Bearer {wrong}".encode(), "X-Tenant-Id": str(site.acme)},
        )
        assert answer.status_code == 401
        assert "API token" in answer.json()["message"]


def test_a_use_is_noted_once_a_minute(site: Site, superuser: Connection) -> None:
    held = made(site, ADA, ["read"], "Used")
    query = "select last_used_at from api_token where name = 'Used'"
    assert superuser.execute(query).fetchone() == (None,)
    call(site, held)
    first = superuser.execute(query).fetchone()
    call(site, held)
    assert superuser.execute(query).fetchone() == first != (None,)
    superuser.execute("update api_token set last_used_at = last_used_at - interval '61 s'")
    call(site, held)
    assert superuser.execute(query).fetchone() != (None,)
    later = superuser.execute(f"{query} and last_used_at > now() - interval '9 s'").fetchone()
    assert later is not None


def test_another_tenant_neither_sees_nor_ends_a_token(site: Site, superuser: Connection) -> None:
    held = made(site, VIEWER, ["read"], "Fenced")
    row = superuser.execute(
        "select api_token_id, created_by from api_token where name = 'Fenced'"
    ).fetchone()
    assert row is not None
    with Browser(site) as browser:
        browser.sign_in(GUS)
        assert "Fenced" not in browser.open("/auth/tokens").text
        missing = browser.submit(f"/auth/tokens/{NOWHERE}/revoke")
        foreign = browser.submit(f"/auth/tokens/{row[0]}/revoke")
        assert (foreign.status_code, missing.status_code) == (404, 404)
    with tenant_transaction(site.globex) as conn:  # the policy alone, with the wrong argument
        assert not api_tokens.list_api_tokens(conn, site.acme, row[1], is_admin=True)  # type: ignore[arg-type]
    assert call(site, held).status_code == 200
