"""Users & roles: the list, inviting, changing, shutting out; and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
import requests

from tests.auth.audit_log import Superuser, detail_of, entries_since, last_entry_id
from tests.page import Html, check_page
from tests.running import ADA, GUS, REP, VIEWER, Browser, Site

PAGE = "/auth/members"


@pytest.fixture
def ada(site: Site) -> Iterator[Browser]:
    with Browser(site) as opened:
        opened.sign_in(ADA)
        yield opened


@pytest.fixture(scope="module", autouse=True)
def branches(site: Site, superuser: Superuser) -> None:
    for location_id, name in (("D01", "Harbour"), ("D02", "Uptown")):
        superuser.execute(
            "insert into locations (tenant_id, location_id, name) values (%s, %s, %s)",
            (site.acme, location_id, name),
        )


@pytest.fixture(autouse=True)
def as_before(site: Site, superuser: Superuser) -> Iterator[None]:
    """The cast has its roles again after each test."""
    yield
    superuser.execute(
        """
        delete from membership where member_id is null and email not in
            ('rae@acme.example', 'vic@acme.example', 'gus@globex.example', 'ada@acme.example')
        """
    )
    superuser.execute("update membership set is_active = true")
    superuser.execute(
        "update membership set role = 'rep', location_ids = '{D01,D02}' where email = %s",
        (REP.email,),
    )


def id_of(superuser: Superuser, tenant_id: UUID, email: str) -> UUID:
    row = superuser.execute(
        "select membership_id from membership where tenant_id = %s and email = %s",
        (tenant_id, email),
    ).fetchone()
    assert row is not None
    return row[0]  # type: ignore[return-value]


def access_of(superuser: Superuser, tenant_id: UUID, email: str) -> tuple[object, ...] | None:
    return superuser.execute(
        "select role, location_ids, is_active from membership where tenant_id = %s and email = %s",
        (tenant_id, email),
    ).fetchone()


def submit(browser: Browser, path: str, fields: dict[str, object]) -> requests.Response:
    form = {"csrf_token": browser.csrf_token(), **fields}
    headers = {"Origin": browser.site.base_url}
    return browser.post(browser.site.url(path), form, headers=headers)


def row_of(html: Html, email: str) -> str:
    return next(html.text(row) for row in html.all("tr") if email in html.text(row))


def test_the_list_says_who_what_where_and_since_when(ada: Browser, site: Site) -> None:
    html = check_page(ada.open(PAGE))
    assert "Ada Moreno ada@acme.example you Admin All Active today" in row_of(html, ADA.email)
    assert "Rep D01, D02" in row_of(html, REP.email)
    assert GUS.email not in html.text()


def test_an_invited_person_becomes_a_member_by_signing_in(
    ada: Browser, site: Site, superuser: Superuser
) -> None:
    since = last_entry_id(superuser)
    answer = submit(
        ada,
        PAGE,
        {
            "email": " Nia@Acme.example ",
            "role": "manager",
            "scope": "some",
            "location_id": ["D02"],
        },
    )
    assert "Invited: nia@acme.example" in check_page(answer).text()
    assert "Manager D02 Invited" in row_of(check_page(ada.open(PAGE)), "nia@acme.example")
    assert access_of(superuser, site.acme, "nia@acme.example") == ("manager", ["D02"], True)
    assert entries_since(superuser, site.acme, since) == [
        (ADA.email, "member.invited", "nia@acme.example", "page"),
    ]
    assert detail_of(superuser, "member.invited") == {
        "after": {"role": "manager", "location_ids": ["D02"]},
    }


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"email": "nobody", "role": "rep", "scope": "all"}, {"email"}),
        ({"email": "", "role": "owner", "scope": "all"}, {"email", "role"}),
        ({"email": "kelvin@\u212aompany.example", "role": "rep", "scope": "all"}, {"email"}),
        ({"email": "a@b.example", "role": "rep", "scope": "some"}, {"location_id"}),
        (
            {"email": "a@b.example", "role": "rep", "scope": "some", "location_id": "X"},
            {"location_id"},
        ),
        ({"email": REP.email, "role": "viewer", "scope": "all"}, {"email"}),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nobody_is_invited(
    ada: Browser, site: Site, superuser: Superuser, fields: dict[str, object], named: set[str]
) -> None:
    since = last_entry_id(superuser)
    answer = submit(ada, PAGE, fields)
    html = check_page(answer)
    assert answer.status_code == 422
    assert {e.get("id") for e in html.all("span") if e.get("class") == "field-error"} == {
        f"{name}_error" for name in named
    }
    summary = html.by_id("problems")
    assert summary.get("autofocus") is not None and summary.get("tabindex") == "-1"
    assert set(html.links(summary)) == {f"#{name}" for name in named}
    email = next(e for e in html.all("input") if e.get("name") == "email")
    assert email.get("value") == fields["email"]
    assert entries_since(superuser, site.acme, since) == []


def test_a_role_and_branches_change_at_the_next_request(
    ada: Browser, site: Site, superuser: Superuser, browser: Browser
) -> None:
    browser.sign_in(REP)
    assert browser.open("/analytics/team-board").status_code == 403
    path = f"{PAGE}/{id_of(superuser, site.acme, REP.email)}"
    since = last_entry_id(superuser)
    submit(ada, path, {"role": "manager", "scope": "some", "location_id": "D01"})
    assert browser.open("/analytics/team-board").status_code == 200
    assert access_of(superuser, site.acme, REP.email) == ("manager", ["D01"], True)
    assert [entry[1] for entry in entries_since(superuser, site.acme, since)] == [
        "member.role_changed",
        "member.branches_changed",
    ]
    assert detail_of(superuser, "member.role_changed") == {"before": "rep", "after": "manager"}


def test_an_admin_is_never_limited_to_branches(
    ada: Browser, site: Site, superuser: Superuser
) -> None:
    path = f"{PAGE}/{id_of(superuser, site.acme, REP.email)}"
    submit(ada, path, {"role": "admin", "scope": "some", "location_id": "D01"})
    assert access_of(superuser, site.acme, REP.email) == ("admin", None, True)


def test_a_deactivated_member_is_out_until_reactivated(
    ada: Browser, site: Site, superuser: Superuser, browser: Browser
) -> None:
    browser.sign_in(REP)
    path = f"{PAGE}/{id_of(superuser, site.acme, REP.email)}"
    since = last_entry_id(superuser)
    assert "Deactivated: rae@acme.example" in submit(ada, f"{path}/deactivate", {}).text
    assert browser.open("/analytics/customers").status_code == 403
    submit(ada, f"{path}/deactivate", {})
    submit(ada, f"{path}/reactivate", {})
    assert browser.open("/analytics/customers").status_code == 200
    assert [entry[1] for entry in entries_since(superuser, site.acme, since)] == [
        "member.deactivated",
        "member.reactivated",
    ]


def test_an_invitation_is_withdrawn_but_not_once_it_is_accepted(
    ada: Browser, site: Site, superuser: Superuser, browser: Browser
) -> None:
    submit(ada, PAGE, {"email": "new@acme.example", "role": "rep", "scope": "all"})
    path = f"{PAGE}/{id_of(superuser, site.acme, 'new@acme.example')}"
    submit(ada, f"{path}/withdraw", {})
    assert access_of(superuser, site.acme, "new@acme.example") is None
    browser.sign_in(REP)
    answer = submit(ada, f"{PAGE}/{id_of(superuser, site.acme, REP.email)}/withdraw", {})
    assert (answer.status_code, "has accepted" in answer.text) == (409, True)
    assert access_of(superuser, site.acme, REP.email) is not None


def test_the_last_admin_stays(ada: Browser, site: Site, superuser: Superuser) -> None:
    submit(ada, PAGE, {"email": "boss@acme.example", "role": "admin"})  # invited, not there yet
    path = f"{PAGE}/{id_of(superuser, site.acme, ADA.email)}"
    for target, fields in ((path, {"role": "viewer", "scope": "all"}), (f"{path}/deactivate", {})):
        answer = submit(ada, target, fields)
        assert (answer.status_code, "last active admin" in answer.text) == (409, True)
    assert access_of(superuser, site.acme, ADA.email) == ("admin", None, True)


def test_another_tenant_s_member_is_as_absent_as_none(
    ada: Browser, site: Site, superuser: Superuser
) -> None:
    foreign = id_of(superuser, site.globex, GUS.email)
    pages = [ada.open(f"{PAGE}/{membership_id}") for membership_id in (foreign, uuid4())]
    assert [page.status_code for page in pages] == [404, 404]
    for action in ("", "/deactivate", "/withdraw"):
        answer = submit(ada, f"{PAGE}/{foreign}{action}", {"role": "viewer", "scope": "all"})
        assert answer.status_code == 404
    assert access_of(superuser, site.globex, GUS.email) == ("admin", None, True)


@pytest.mark.parametrize("member", [REP, VIEWER])
def test_only_admins_see_members(browser: Browser, member: object) -> None:
    browser.sign_in(member)  # type: ignore[arg-type]
    assert browser.open(PAGE).status_code == 403
    assert submit(browser, PAGE, {"email": "x@acme.example", "role": "admin"}).status_code == 403
