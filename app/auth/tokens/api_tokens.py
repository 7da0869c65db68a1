"""Personal API tokens: created on a page, shown once, stored as a hash, acting as their member.

A token is `sit_` and 64 characters: 32 random bytes and the tenant's id, so that it is looked up
only in its tenant.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from app.auth.queries import find_member, list_memberships
from app.database.engine import tenant_transaction
from app.database.tenancy import Member, Membership, Role
from app.errors import Conflict, NotFound

SCOPES = {
    "read": "Read figures, lists and history",
    "work": "Work on tasks: done, snooze, assign, note",
    "ingest": "Start and cancel ingestion",
    "admin": "Change settings, members and everything else",
}
LIFETIMES_DAYS = (30, 90, 180, 365)
MOST_TOKENS = 25
_SCOPES_OF_ROLE: dict[Role, tuple[str, ...]] = {
    "admin": tuple(SCOPES),
    "manager": ("read", "work"),
    "rep": ("read", "work"),
    "viewer": ("read",),
}
_START = "sit_"
_LENGTH = 68
_SHOWN = 10


@dataclass(frozen=True)
class ValidToken:
    """A token that is neither expired nor revoked."""

    tenant_id: UUID
    api_token_id: UUID
    member_id: UUID
    scopes: frozenset[str]


@dataclass(frozen=True)
class ApiToken:
    """A token in the list. `state` is valid, expired or revoked."""

    api_token_id: UUID
    name: str
    token_start: str
    scopes: tuple[str, ...]
    owner: str
    is_own: bool
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    state: str


def is_api_token(token: str) -> bool:
    """Whether this is one of our tokens, which are never sent to the identity provider."""
    return token.startswith(_START)


def scopes_of_role(role: Role) -> tuple[str, ...]:
    """The scopes that a member of that role may give a token."""
    return _SCOPES_OF_ROLE[role]


def find_valid(token: str) -> ValidToken | None:
    """The token, recording its use at most once a minute. None if it is invalid."""
    tenant_id = _tenant_of(token)
    if tenant_id is None:
        return None
    values = {"tenant_id": tenant_id, "token_hash": _hash(token)}
    with tenant_transaction(tenant_id) as conn:
        row = conn.execute(_FIND, values).mappings().one_or_none()
        if row is None:
            return None
        if row["is_use_old"]:
            conn.execute(_NOTE_USE, {"tenant_id": tenant_id, "api_token_id": row["api_token_id"]})
    scopes = frozenset(row["scopes"])
    return ValidToken(tenant_id, row["api_token_id"], row["created_by"], scopes)


def read_holder(conn: Connection, found: ValidToken) -> tuple[Member | None, list[Membership]]:
    """The token's member and their current membership of its tenant; none if it ended.

    Runs in admin_transaction().
    """
    member = find_member(conn, found.member_id)
    memberships = list_memberships(conn, found.member_id)
    return member, [m for m in memberships if m.tenant.tenant_id == found.tenant_id]


def list_api_tokens(
    conn: Connection, tenant_id: UUID, member_id: UUID, *, is_admin: bool
) -> list[ApiToken]:
    """The member's tokens, or everybody's for an admin; valid ones first, then newest."""
    values = {"tenant_id": tenant_id, "member_id": member_id, "is_admin": is_admin}
    rows = conn.execute(_LIST, values).mappings()
    return [ApiToken(**{**row, "scopes": tuple(row["scopes"])}) for row in rows]


def create_api_token(
    conn: Connection,
    tenant_id: UUID,
    member_id: UUID,
    *,
    name: str,
    scopes: Sequence[str],
    lifetime_days: int,
) -> str:
    """Create a token of the member. Its text is available only in this result.

    Raises:
        Conflict: the member has the maximum number of valid tokens.
    """
    owner = {"tenant_id": tenant_id, "member_id": member_id}
    conn.execute(_LOCK_OWNER, owner)
    if conn.execute(_COUNT, owner).scalar_one() >= MOST_TOKENS:
        raise Conflict(f"You have {MOST_TOKENS} valid tokens. Revoke one you no longer use.")
    token = _make(tenant_id)
    values = {
        "name": name,
        "token_start": token[:_SHOWN],
        "token_hash": _hash(token),
        "scopes": list(scopes),
        "lifetime_days": lifetime_days,
    }
    conn.execute(_CREATE, owner | values)
    return token


def revoke_api_token(
    conn: Connection, tenant_id: UUID, api_token_id: UUID, member_id: UUID, *, is_admin: bool
) -> str:
    """Revoke a token, one's own or, for an admin, anybody's; returns its name. Idempotent.

    Raises:
        NotFound: there is no such token, or it is somebody else's.
    """
    values = {"tenant_id": tenant_id, "api_token_id": api_token_id, "member_id": member_id}
    name = conn.execute(_REVOKE, values | {"is_admin": is_admin}).scalar_one_or_none()
    if name is None:
        raise NotFound
    return str(name)


def _make(tenant_id: UUID) -> str:
    return _START + urlsafe_b64encode(secrets.token_bytes(32) + tenant_id.bytes).decode()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _tenant_of(token: str) -> UUID | None:
    if len(token) != _LENGTH or not token.isascii():
        return None
    try:
        return UUID(bytes=urlsafe_b64decode(token[len(_START) :])[32:])
    except ValueError:
        return None


_FIND = text("""
    select
        api_token_id, created_by, scopes,
        coalesce(last_used_at < now() - interval '1 minute', true) as is_use_old
    from api_token
    where tenant_id = :tenant_id and token_hash = :token_hash
        and revoked_at is null and expires_at > now()
""")

_NOTE_USE = text("""
    update api_token set last_used_at = now()
    where tenant_id = :tenant_id and api_token_id = :api_token_id
        and coalesce(last_used_at < now() - interval '1 minute', true)
""")

_LIST = text("""
    select
        t.api_token_id, t.name, t.token_start, t.scopes,
        coalesce(nullif(m.name, ''), m.email, 'a former member') as owner,
        t.created_by = :member_id as is_own,
        t.created_at, t.expires_at, t.last_used_at,
        case
            when t.revoked_at is not null then 'revoked'
            when t.expires_at <= now() then 'expired'
            else 'valid'
        end as state
    from api_token as t
    left join membership as m on m.tenant_id = t.tenant_id and m.member_id = t.created_by
    where t.tenant_id = :tenant_id and (:is_admin or t.created_by = :member_id)
    order by (t.revoked_at is null and t.expires_at > now()) desc, t.created_at desc, t.api_token_id
    limit 200
""")

_LOCK_OWNER = text("""
    select pg_advisory_xact_lock(
        hashtextextended('api_token ' || cast(:tenant_id as text) || cast(:member_id as text), 0)
    )
""")

_COUNT = text("""
    select count(*) from api_token
    where tenant_id = :tenant_id and created_by = :member_id
        and revoked_at is null and expires_at > now()
""")

_CREATE = text("""
    insert into api_token (
        tenant_id, created_by, name, token_start, token_hash, scopes, expires_at
    )
    values (
        :tenant_id, :member_id, :name, :token_start, :token_hash, :scopes,
        now() + make_interval(days => :lifetime_days)
    )
""")

_REVOKE = text("""
    update api_token
    set
        revoked_at = coalesce(revoked_at, now()),
        revoked_by = coalesce(revoked_by, :member_id)
    where tenant_id = :tenant_id and api_token_id = :api_token_id
        and (:is_admin or created_by = :member_id)
    returning name
""")
