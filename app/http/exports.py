"""Downloads of figures that stop when their reader loses access."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from flask import Response
from sqlalchemy import Connection, text

from app.database.engine import tenant_transaction
from app.database.tenancy import Membership
from app.errors import Forbidden
from app.http.current import current_member, current_membership
from app.http.spreadsheet import Cell, file_response

CHECK_S = 1.0
PAGE_ROWS = 5_000
T_co = TypeVar("T_co", covariant=True)


class Reader(Protocol[T_co]):
    """One page of a list."""

    def __call__(
        self, conn: Connection, tenant_id: UUID, *, limit: int, offset: int
    ) -> Sequence[T_co]: ...


def download(
    name: str, kind: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> Response:
    """The rows as a file named NAME.KIND; stops if its reader loses access.

    A stopped download ends in a broken connection, so that nobody takes the file for complete.
    """
    membership, member_id = current_membership(), current_member().member_id
    return file_response(name, kind, header, _while_allowed(membership, member_id, rows))


def in_pages(tenant_id: UUID, read: Reader[T_co]) -> Iterator[T_co]:
    """All rows, page by page, each page read in a transaction of its own that has ended.

    `read` takes the connection, the tenant, and `limit` and `offset` by name.
    """
    offset = 0
    while True:
        with tenant_transaction(tenant_id) as conn:
            found = read(conn, tenant_id, limit=PAGE_ROWS, offset=offset)
        yield from found
        if len(found) < PAGE_ROWS:
            return
        offset += PAGE_ROWS


def _while_allowed(
    membership: Membership, member_id: UUID, rows: Iterable[Sequence[Cell]]
) -> Iterator[Sequence[Cell]]:
    """The rows, checking the membership once a second.

    Raises:
        Forbidden: the membership ended or its scope changed.
    """
    next_look = time.monotonic() + CHECK_S
    for row in rows:
        if time.monotonic() >= next_look:
            _check(membership, member_id)
            next_look = time.monotonic() + CHECK_S
        yield row


def _check(membership: Membership, member_id: UUID) -> None:
    tenant_id = membership.tenant.tenant_id
    with tenant_transaction(tenant_id) as conn:
        found = conn.execute(_MEMBERSHIP, {"t": tenant_id, "id": member_id}).one_or_none()
    if found is None:
        raise Forbidden("You no longer belong to this company.")
    branches = None if found.location_ids is None else tuple(found.location_ids)
    if (found.role, branches) != (membership.role, membership.location_ids):
        raise Forbidden("What you may see has changed. Start the export again.")


_MEMBERSHIP = text("""
    select m.role, m.location_ids
    from membership as m
    inner join tenant as t on t.tenant_id = m.tenant_id
    where m.tenant_id = :t and m.member_id = :id and m.is_active and not t.is_suspended
""")
