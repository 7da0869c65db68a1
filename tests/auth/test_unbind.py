"""Accounts that were replaced: nobody is shut out for good, and no command claims what is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.settings import provision
from tests.auth.audit_log import Superuser, entries_since, last_entry_id
from tests.auth.test_api_tokens import call, made
from tests.auth.test_members import PAGE, access_of, id_of, submit
from tests.page import check_page
from tests.running import (
    ADA,
    GUS,
    REP,
    STRANGER,
    VIEWER,
    Browser,
    Member,
    Site,
    forget_limits,
)

OTHER_ACCOUNT = "belongs to a member who uses another account"


@pytest.fixture(autouse=True)
def everybody_in(site: Site, superuser: Superuser) -> Iterator[None]:
    """The cast has signed in once; afterwards each address is open again, as at first."""
    forget_limits(site.app)
    for member in (ADA, REP, VIEWER):
        assert sign_in(site, member) == 200
    yield
    superuser.execute("update tenant set is_suspended = false")
    superuser.execute("delete from membership where email not in (select email from member)")
    superuser.execute("update membership set member_id = null, accepted_at = null")
    provision.add_member(site.acme, REP.email, "rep", ["D01", "D02"])


def sign_in(site: Site, member: Member) -> int:
    with Browser(site) as browser:
        return browser.sign_in(member).status_code


def replace_accounts(superuser: Superuser, *members: Member) -> None:
    """The provider knows these people by new subjects from now on."""
    for member in members:
        superuser.execute(
            "update member set subject = gen_random_uuid()::text where email = %s",
            (member.email,),
        )


def run(site: Site, *args: str) -> tuple[int, str]:
    done = site.app.test_cli_runner().invoke(args=["member", *args])
    return done.exit_code, done.output


def test_a_replaced_account_is_told_so_and_so_is_the_admin(
    site: Site, superuser: Superuser, browser: Browser
) -> None:
    replace_accounts(superuser, REP)
    since = last_entry_id(superuser)
    page = browser.sign_in(REP)
    assert (page.status_code, OTHER_ACCOUNT in page.text) == (403, True)
    refused = (REP.email, "auth.account_refused", REP.email, "page")
    assert entries_since(superuser, site.acme, since) == [refused]
    with Browser(site) as other:
        assert OTHER_ACCOUNT not in other.sign_in(STRANGER).text


def test_an_admin_unbinds_and_the_address_is_claimed_again(
    site: Site, superuser: Superuser, browser: Browser
) -> None:
    token = made(site, REP, ["read"])
    assert call(site, token).status_code == 200
    access = access_of(superuser, site.acme, REP.email)
    with Browser(site) as old, Browser(site) as new:
        old.sign_in(REP)
        replace_accounts(superuser, REP)
        browser.sign_in(ADA)
        path = f"{PAGE}/{id_of(superuser, site.acme, REP.email)}"
        assert "Unbind the account" in check_page(browser.open(path)).text()
        since = last_entry_id(superuser)
        answer = submit(browser, f"{path}/unbind", {})
        assert "Unbound: the next person to sign in with rae@acme.example" in answer.text
        assert "Unbind the account" not in browser.open(path).text
        assert old.open("/analytics/customers").status_code == 403
        assert call(site, token).status_code == 401
        assert new.sign_in(REP).status_code == 200
    assert access_of(superuser, site.acme, REP.email) == access
    assert [entry[1] for entry in entries_since(superuser, site.acme, since)] == [
        "member.unbound",
        "member.joined",
        "auth.signed_in",
    ]
    assert call(site, token).status_code == 401


def test_what_is_not_bound_and_the_last_admin_stay(
    site: Site, superuser: Superuser, browser: Browser
) -> None:
    browser.sign_in(ADA)
    own, rep = (id_of(superuser, site.acme, member.email) for member in (ADA, REP))
    answer = submit(browser, f"{PAGE}/{own}/unbind", {})
    assert (answer.status_code, "last active admin" in answer.text) == (409, True)
    submit(browser, f"{PAGE}/{rep}/unbind", {})
    answer = submit(browser, f"{PAGE}/{rep}/unbind", {})
    assert (answer.status_code, "not linked to an account" in answer.text) == (409, True)


def test_the_operator_unbinds_all_admins_at_once(site: Site, superuser: Superuser) -> None:
    replace_accounts(superuser, ADA, REP, VIEWER)
    assert [sign_in(site, member) for member in (ADA, REP, VIEWER)] == [403, 403, 403]
    elsewhere = access_of(superuser, site.globex, GUS.email)
    since = last_entry_id(superuser)
    code, said = run(site, "unbind", "acme", "--all")
    assert code == 0
    assert [line.partition(":")[0] for line in said.splitlines()] == [
        ADA.email,
        REP.email,
        VIEWER.email,
    ]
    assert entries_since(superuser, site.acme, since) == [
        ("", "member.unbound", member.email, "command") for member in (ADA, REP, VIEWER)
    ]
    assert [sign_in(site, member) for member in (ADA, REP, VIEWER)] == [200, 200, 200]
    assert access_of(superuser, site.globex, GUS.email) == elsewhere


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["acme"], "Name the addresses, or say --all"),
        (["acme", ADA.email, "--all"], "Name the addresses, or say --all"),
        (["acme", ADA.email, "nobody@acme.example"], "Not a member of this tenant: nobody@"),
        (["acme", GUS.email], "Not a member of this tenant"),
        (["nowhere", "--all"], "There is no tenant"),
        (["acme", "\u212aay@acme.example"], "is not an email address"),
        (["hooli", "--all"], "no account has signed in"),
    ],
)
def test_an_unbinding_that_does_nothing_says_so(
    site: Site, superuser: Superuser, args: list[str], said: str
) -> None:
    provision.create_tenant("hooli", "Hooli")
    code, output = run(site, "unbind", *args)
    assert (code, said in output, "Traceback" in output) == (1, True, False), output
    assert sign_in(site, ADA) == 200, "nobody was unbound"


INVITATIONS = {
    "a new address": (["new@acme.example", "--role", "admin"], 0, "Invited: new@acme.example"),
    "with branches": (
        ["new@acme.example", "--role", "rep", "--location-id", "D77"],
        0,
        "Not in the branch file: D77.",
    ),
    "with all branches": (["new@acme.example", "--role", "rep", "--all-branches"], 0, "Invited"),
    "a member": (
        ["Rae@acme.example", "--role", "manager", "--all-branches"],
        0,
        "No one was invited: rae@acme.example is a member of acme already, now as man",
    ),
    "no branches named": (["new@acme.example", "--role", "rep"], 1, "Give --location-id"),
    "branches and all": (
        ["new@acme.example", "--role", "rep", "--location-id", "D01", "--all-branches"],
        1,
        "Give --location-id",
    ),
    "an admin of a branch": (
        ["new@acme.example", "--role", "admin", "--location-id", "D01"],
        1,
        "An admin sees every branch",
    ),
    "another letter": (["\u212aay@acme.example", "--role", "admin"], 1, "is not an email"),
    "an endless address": (["a" * 250 + "@b.example", "--role", "admin"], 1, "is not an email"),
    "two addresses": (["a@b.example,c@d.example", "--role", "admin"], 1, "is not an email"),
}


@pytest.mark.parametrize("case", INVITATIONS)
def test_an_invitation_claims_no_more_than_it_is(
    site: Site, superuser: Superuser, case: str
) -> None:
    args, code, said = INVITATIONS[case]
    since = last_entry_id(superuser)
    found = run(site, "invite", "acme", *args)
    assert (found[0], said in found[1]) == (code, True), found[1]
    assert bool(entries_since(superuser, site.acme, since)) == (code == 0)


def test_an_invitation_to_a_suspended_tenant_says_so(site: Site, superuser: Superuser) -> None:
    superuser.execute("update tenant set is_suspended = true where slug = 'acme'")
    assert (
        "suspended: no one can sign in"
        in run(site, "invite", "acme", "new@acme.example", "--role", "admin")[1]
    )
