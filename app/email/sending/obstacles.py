"""Whether a message may still go out, asked again at the moment it goes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from app.email.sending.outbox import Claimed


def find_obstacle(conn: Connection, tenant_id: UUID, message: Claimed) -> str | None:
    """Why this message must not go out any more, in plain words; None when it may."""
    values = {
        "t": tenant_id,
        "id": message.message_id,
        "email": message.recipient,
        "branches": list(message.branch_ids),
    }
    found = conn.execute(_OBSTACLES, values).one()
    if found.suppressed == "refused":
        return "The mail server permanently refused this address."
    if message.kind == "link":
        return None
    if message.kind == "test" and not found.is_member:
        return "The person who asked for this is no longer a member."
    if message.kind in ("test", "digest") and found.forbidden_branches:
        return "The recipient no longer sees " + _branches(found.forbidden_branches) + "."
    if message.kind == "test":
        return None
    if found.suppressed:
        return "The recipient unsubscribed."
    if message.kind == "digest":
        return None if found.is_manager else "The recipient is no longer a manager."
    if found.lost_branches:
        return "The recipient no longer gets the report for " + _branches(found.lost_branches) + "."
    return (
        None
        if found.has_more_to_tell
        else "Everything new in it has since been reported or closed."
    )


def _branches(branch_ids: Sequence[str]) -> str:
    return ", ".join(branch_id or "what has no branch" for branch_id in branch_ids)


_OBSTACLES = text("""
    select
        (
            select s.reason from email_suppression as s where s.tenant_id = :t and s.email = :email
        ) as suppressed,
        exists (
            select from membership as m
            where m.tenant_id = :t and m.is_active and m.email = :email
        ) as is_member,
        exists (
            select from membership as m
            where
                m.tenant_id = :t and m.is_active and m.email = :email
                and m.role in ('manager', 'admin')
        ) as is_manager,
        (
            select array_agg(b.branch_id order by b.branch_id)
            from unnest(cast(:branches as text [])) as b (branch_id)
            where not _may_receive(:t, :email, b.branch_id)
        ) as forbidden_branches,
        (
            select array_agg(b.branch_id order by b.branch_id)
            from unnest(cast(:branches as text [])) as b (branch_id)
            where
                not _may_receive(:t, :email, b.branch_id)
                or not exists (
                    select from branch_email_mappings as m
                    where
                        m.tenant_id = :t and m.branch_id = b.branch_id and m.email = :email
                        and m.is_enabled
                )
        ) as lost_branches,
        exists (
            select
            from email_told_task as x
            inner join task as k on k.tenant_id = x.tenant_id and k.task_id = x.task_id
            where
                x.tenant_id = :t and x.message_id = :id
                and (
                    x.told_as = 'closed'
                    or x.told_as = 'new' and k.closed_at is null and k.fixed_at is null
                    and k.state <> 'done'
                )
                and not exists (
                    select
                    from email_told_task as y
                    inner join email_send_history as h
                        on h.tenant_id = y.tenant_id and h.message_id = y.message_id
                    where
                        y.tenant_id = x.tenant_id and y.task_id = x.task_id
                        and y.message_id <> x.message_id and h.recipient = :email
                        and h.status in ('sent', 'sending', 'unknown')
                        and (x.told_as <> 'closed' or y.told_as = 'closed')
                )
        ) as has_more_to_tell
""")
