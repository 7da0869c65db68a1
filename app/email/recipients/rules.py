"""Who may be made a recipient of what. Whoever decides it may see the branch himself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.tenancy import Scope
from app.email.recipients.queries import RecipientEntry
from app.errors import Invalid

CONFIRM_FIELD = "is_outside_confirmed"
# Where anybody gets an address: no company's own domain. A brand has domains in many countries.
_PUBLIC_BRANDS = frozenset(
    {
        "aol",
        "gmail",
        "gmx",
        "googlemail",
        "hotmail",
        "icloud",
        "live",
        "msn",
        "outlook",
        "proton",
        "protonmail",
        "yahoo",
        "yandex",
        "ymail",
    }
)
_PUBLIC_DOMAINS = frozenset(
    {
        "126.com",
        "163.com",
        "att.net",
        "btinternet.com",
        "comcast.net",
        "fastmail.com",
        "free.fr",
        "freenet.de",
        "hey.com",
        "inbox.lv",
        "laposte.net",
        "libero.it",
        "mac.com",
        "mail.com",
        "mail.ru",
        "me.com",
        "naver.com",
        "o2.pl",
        "orange.fr",
        "pm.me",
        "posteo.de",
        "qq.com",
        "rediffmail.com",
        "sbcglobal.net",
        "seznam.cz",
        "sky.com",
        "t-online.de",
        "tuta.io",
        "tutanota.com",
        "verizon.net",
        "wanadoo.fr",
        "web.de",
        "wp.pl",
        "zoho.com",
    }
)


@dataclass(frozen=True)
class Verdict:
    """What is wrong with an entry, by field; and whether its address is outside the company."""

    problems: dict[str, str] = field(default_factory=dict)
    is_outside: bool = False


def check_entry(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    entry: RecipientEntry,
    *,
    is_confirmed: bool,
    old: RecipientEntry | None = None,
) -> bool:
    """Refuse a recipient that this member may not make; answers whether the address is outside.

    `old` is the entry before a change: the same address for the same branch is confirmed already.

    Raises:
        Invalid: as said, or an address outside the company that nobody has confirmed.
    """
    (verdict,) = judge_entries(conn, tenant_id, scope, [entry])
    if verdict.problems:
        raise Invalid("Nothing was saved.", fields=verdict.problems)
    is_new = old is None or (old.branch_id, old.email) != (entry.branch_id, entry.email)
    if verdict.is_outside and is_new and not is_confirmed:
        message = f"{entry.email} is not an address of your company. Confirm that it is right."
        raise Invalid("Nothing was saved.", fields={CONFIRM_FIELD: message})
    return verdict.is_outside


def judge_entries(
    conn: Connection, tenant_id: UUID, scope: Scope, entries: Sequence[RecipientEntry]
) -> list[Verdict]:
    """A verdict for each entry, in the same order."""
    domains = list_own_domains(conn, tenant_id)
    values = {
        "t": tenant_id,
        "branches": [entry.branch_id for entry in entries],
        "emails": [entry.email for entry in entries],
    }
    rows = conn.execute(_JUDGE, values)
    return [
        Verdict(
            _problems(scope, entry, row.is_known, row.may_receive),
            not row.is_member and entry.email.rpartition("@")[2] not in domains,
        )
        for entry, row in zip(entries, rows, strict=True)
    ]


def list_own_domains(conn: Connection, tenant_id: UUID) -> frozenset[str]:
    """The domains of active members' addresses, without public mail providers."""
    found = conn.execute(_DOMAINS, {"t": tenant_id}).scalars()
    return frozenset(domain for domain in found if not is_public(domain))


def is_public(domain: str) -> bool:
    """Whether anybody can get an address of this domain."""
    return domain in _PUBLIC_DOMAINS or domain.partition(".")[0] in _PUBLIC_BRANDS


def _problems(
    scope: Scope, entry: RecipientEntry, is_known: bool, may_receive: bool
) -> dict[str, str]:
    if not scope.allows(entry.branch_id):
        return {"branch_id": f"{entry.branch_id} is not one of your branches."}
    if not is_known:
        return {"branch_id": f"The branch file does not know {entry.branch_id}."}
    if not may_receive:
        return {
            "email": f"{entry.email} is a member who may not get reports of {entry.branch_id}. "
            "An admin changes that under Users & roles."
        }
    return {}


_JUDGE = text("""
    select
        exists (
            select from locations as l
            where l.tenant_id = :t and l.location_id = e.branch_id
        ) as is_known,
        exists (
            select from membership as m
            where m.tenant_id = :t and m.is_active and m.email = e.email
        ) as is_member,
        _may_receive(:t, e.email, e.branch_id) as may_receive
    from unnest(cast(:branches as text []), cast(:emails as text []))
        with ordinality as e (branch_id, email, number)
    order by e.number
""")
_DOMAINS = text("""
    select distinct lower(split_part(m.email, '@', 2))
    from membership as m
    where m.tenant_id = :t and m.is_active
""")
