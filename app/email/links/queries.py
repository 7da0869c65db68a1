"""Links in mail: what one opens, to whom, and what was done through it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.tenancy import Scope
from app.dates import DateRange, utc_now
from app.email.links.tokens import LinkToken
from app.email.sending.planning import start_planning
from app.errors import AppError, Conflict
from app.tasks.queries import Task, get_tasks
from app.tasks.score import card_score

Action = Literal["done", "snooze", "unsubscribe", "renew"]


class Gone(AppError):
    """This link no longer works."""

    status = 410


@dataclass(frozen=True)
class Link:
    """A link that is known. `branch_ids` are those its recipient still may get the report of."""

    tenant_id: UUID
    tenant_name: str
    token_hash: bytes
    message_id: UUID
    purpose: str
    is_expired: bool
    is_revoked: bool
    recipient: str
    period: DateRange
    branch_ids: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether its report may be seen and worked on."""
        return not self.is_expired and not self.is_revoked and bool(self.branch_ids)


@dataclass(frozen=True)
class LinkedCard:
    """One customer of a report, as the tasks told of stand now, the best first."""

    customer_key: str
    tasks: tuple[Task, ...]
    is_new: bool

    @property
    def best(self) -> Task:
        """The task that counts most."""
        return self.tasks[0]

    @property
    def waiting(self) -> tuple[Task, ...]:
        """Those that are open or in progress."""
        return tuple(task for task in self.tasks if task.state in ("open", "in_progress"))


def find_link(conn: Connection, token: LinkToken) -> Link | None:
    """The link of this token; None when it is unknown or its tenant is suspended."""
    values = {"t": token.tenant_id, "hash": token.token_hash}
    row = conn.execute(_FIND, values).one_or_none()
    if row is None:
        return None
    return Link(
        token.tenant_id,
        row.tenant_name,
        token.token_hash,
        row.message_id,
        row.purpose,
        row.is_expired,
        row.is_revoked,
        row.recipient,
        DateRange(row.period_start, row.period_end),
        tuple(row.branch_ids),
    )


def list_cards(conn: Connection, link: Link) -> list[LinkedCard]:
    """The customers the report told of, new ones first, the best first; closed tasks left out."""
    statement = text("""
        select task_id, told_as from email_told_task
        where tenant_id = :t and message_id = :id and told_as <> 'closed'
    """)
    rows = conn.execute(statement, {"t": link.tenant_id, "id": link.message_id})
    told = {row.task_id: row.told_as for row in rows}
    found = get_tasks(conn, link.tenant_id, Scope(link.branch_ids), list(told))
    customers: dict[str, list[tuple[Task, bool]]] = {}
    for task_id, word in told.items():
        task = found.get(task_id)
        if task is not None and task.branch_id in link.branch_ids:
            customers.setdefault(task.customer_key, []).append((task, word == "new"))
    cards = [
        LinkedCard(
            key,
            tuple(sorted((task for task, _ in tasks), key=lambda t: (-t.score, str(t.task_id)))),
            any(is_new for _, is_new in tasks),
        )
        for key, tasks in customers.items()
    ]
    return sorted(cards, key=_rank)


def _rank(card: LinkedCard) -> tuple[bool, bool, float, str]:
    score = card_score([task.score for task in card.waiting])
    return not card.waiting, not card.is_new, -score, card.customer_key


def use(
    conn: Connection, link: Link, nonce: str, action: Action, task_id: UUID | None = None
) -> None:
    """Note that somebody did something through the link; a nonce is good for one deed.

    Raises:
        Conflict: this form was sent before.
    """
    values = {
        "t": link.tenant_id,
        "hash": link.token_hash,
        "action": action,
        "task": task_id,
        "nonce": hashlib.sha256(nonce.encode()).digest(),
    }
    if conn.execute(_USE, values).rowcount != 1:
        raise Conflict("This was already done. The page shows the current state.")


def unsubscribe(conn: Connection, link: Link) -> bool:
    """Send no reports to the recipient any more; False when that was so before."""
    statement = text("""
        insert into email_suppression (tenant_id, email, reason)
        values (:t, :email, 'unsubscribed')
        on conflict (tenant_id, email) do nothing
    """)
    values = {"t": link.tenant_id, "email": link.recipient}
    return conn.execute(statement, values).rowcount == 1


def renew(conn: Connection, link: Link, today: date) -> UUID | None:
    """Queue a mail with a new link, to the same address; publish its id after the commit.

    None: one was asked for today already.
    """
    key = f"link {today}"
    values = {"t": link.tenant_id, "id": link.message_id, "key": key}
    if conn.execute(_RENEWED, values).scalar_one():
        return None
    return start_planning(
        conn,
        link.tenant_id,
        "link",
        key,
        link.period,
        link.recipient,
        location_ids=link.branch_ids,
        recipient=link.recipient,
        renews_message_id=link.message_id,
    )


def revoke(conn: Connection, tenant_id: UUID, message_id: UUID, by: str) -> int:
    """The links to this report are no longer good; answers how many there were."""
    statement = text("""
        update email_link set revoked_at = :now, revoked_by = :by
        where
            tenant_id = :t and message_id = :id and purpose = 'report' and revoked_at is null
    """)
    values = {"t": tenant_id, "id": message_id, "by": by, "now": utc_now()}
    return conn.execute(statement, values).rowcount


def check_told(cards: Sequence[LinkedCard], task_ids: Sequence[UUID]) -> LinkedCard | None:
    """The card that has all these tasks; None when the report told of no such."""
    wanted = set(task_ids)
    return next((c for c in cards if wanted <= {t.task_id for t in c.tasks} and wanted), None)


_FIND = text("""
    select
        t.name as tenant_name, k.message_id, k.purpose, k.expires_at <= now() as is_expired,
        k.revoked_at is not null as is_revoked, h.recipient, h.period_start, h.period_end,
        coalesce((
            select array_agg(m.branch_id order by m.branch_id)
            from branch_email_mappings as m
            where
                m.tenant_id = h.tenant_id and m.email = h.recipient and m.is_enabled
                and m.branch_id = any(h.branch_ids)
                and _may_receive(m.tenant_id, m.email, m.branch_id)
        ), '{}') as branch_ids
    from email_link as k
    inner join email_send_history as h
        on h.tenant_id = k.tenant_id and h.message_id = k.message_id
    inner join tenant as t on t.tenant_id = k.tenant_id
    where k.tenant_id = :t and k.token_hash = :hash and not t.is_suspended
""")
_USE = text("""
    insert into email_link_use (tenant_id, token_hash, nonce_hash, task_id, action)
    values (:t, :hash, :nonce, :task, :action)
    on conflict do nothing
""")
_RENEWED = text("""
    select exists (
        select from email_sending_jobs
        where tenant_id = :t and renews_message_id = :id and schedule_key = :key
    )
""")
