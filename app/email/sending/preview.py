"""What would be sent, looked at before it is: nothing is written, nothing leaves."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from app.database.tenancy import Scope
from app.dates import DateRange
from app.email.message.content import Reports, Sorted
from app.email.message.digest import build_digest, list_managers
from app.email.message.render import Rendered, render_digest, render_report
from app.email.sending.composing import mail_frame, without_marks
from app.email.sending.ledger import Addressee, find_addressee, list_addressees
from app.errors import Invalid

MOST_SHOWN = 200


@dataclass(frozen=True)
class Outlook:
    """What a recipient would get now. `gone`: told before and over or asleep since."""

    addressee: Addressee
    new: int
    open: int
    gone: int

    @property
    def verdict(self) -> str:
        """sent or skipped; a task that is gone may only sleep, so it may still be skipped."""
        if self.new:
            return "sent"
        return "sent if any of them closed" if self.gone else "skipped: nothing new"


def list_outlooks(
    conn: Connection, tenant_id: UUID, period: DateRange, location_ids: tuple[str, ...] | None
) -> list[Outlook]:
    """Everybody who would get mail, by address, and what for."""
    addressees = list_addressees(conn, tenant_id, location_ids)
    reports = Reports(conn, tenant_id, period, [one.email for one in addressees])
    return [_outlook(one, reports.sort(one)) for one in addressees]


def preview_report(
    conn: Connection, tenant_id: UUID, scope: Scope, recipient: str, period: DateRange, base: str
) -> Rendered:
    """The mail that this recipient would get now; its links lead to the site.

    Raises:
        Invalid: nobody of this address gets reports, or about branches outside the scope too.
    """
    addressee = find_addressee(conn, tenant_id, scope, recipient)
    reports = Reports(conn, tenant_id, period, [recipient])
    frame = mail_frame(conn, tenant_id, base)
    return without_marks(render_report(reports.build(addressee), frame), frame)


def preview_digest(
    conn: Connection, tenant_id: UUID, email: str, period: DateRange, base: str
) -> Rendered:
    """The digest that this manager would get; its links lead to the site.

    Raises:
        Invalid: nobody of this address gets the digest.
    """
    found = [one for one in list_managers(conn, tenant_id, None) if one.email == email]
    if not found:
        raise Invalid("You do not get the digest: you unsubscribed from it.")
    frame = mail_frame(conn, tenant_id, base)
    return without_marks(
        render_digest(build_digest(conn, tenant_id, found[0], period), frame), frame
    )


def _outlook(addressee: Addressee, found: Sorted) -> Outlook:
    return Outlook(addressee, len(found.untold), found.open_count, len(found.gone))
