"""Two tenants with the same things in them, a third to come from, and everybody who calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg

from app.audit import Actor
from app.auth.tokens.api_tokens import SCOPES, create_api_token
from app.database.engine import tenant_transaction
from app.settings import provision
from app.tasks.steps.change import Change, change_task
from tests.customers.world import World, ago
from tests.email.mail_world import switch_on
from tests.planted import CONTACTS
from tests.running import ADA, DAN, MEG, OLA, REP, STRANGER, UNVERIFIED, VIEWER, Member, Site

__all__ = ["CALLERS", "Caller", "Things", "digest", "furnish", "people"]

Superuser = psycopg.Connection[tuple[object, ...]]
Things = dict[str, str]
CANARY = tuple(CONTACTS[name] for name in ("name", "address", "phone"))


@dataclass(frozen=True)
class Caller:
    """Somebody who asks. `role` is theirs in acme; None for who has no part in it.

    With a `scope` they come with an API token for that alone.
    """

    name: str
    member: Member | None
    role: str | None = None
    is_expired: bool = False
    scope: str | None = None


CALLERS = (
    Caller("anonymous", None),
    Caller("expired", ADA, is_expired=True),
    Caller("viewer", VIEWER, "viewer"),
    Caller("rep elsewhere", OLA, "rep"),
    Caller("rep", REP, "rep"),
    Caller("manager", MEG, "manager"),
    Caller("admin", ADA, "admin"),
    Caller("stranger", STRANGER, "admin"),
    Caller("deactivated", DAN),
    *(Caller(f"token: {scope}", ADA, "admin", scope=scope) for scope in SCOPES),
)


def people(site: Site, superuser: Superuser) -> UUID:
    """Give the callers their roles; answers the stranger's tenant, hooli."""
    provision.add_member(site.acme, MEG.email, "manager")
    provision.add_member(site.acme, OLA.email, "rep", ["D09"])
    provision.add_member(site.acme, DAN.email, "admin")
    hooli = provision.create_tenant("hooli", "Hooli")
    provision.add_member(hooli, STRANGER.email, "admin")
    superuser.execute(
        "delete from membership where tenant_id = %s and email = %s", (site.globex, ADA.email)
    )
    return hooli


def furnish(superuser: Superuser, tenant_id: UUID, prefix: str) -> Things:
    """One thing of each kind that an id of the matrix can name; answers their ids."""
    world = World(superuser, tenant_id)
    world.branch("D01", "Harbour")
    world.branch("D09", "Far")
    world.loaded()
    contact, name = f"{prefix}U1", f"{CANARY[0]} Diaz"
    world.contact(contact, None, name=name, email=CANARY[1], phone=CANARY[2])
    session = world.session(f"{prefix}p1", 100, ago(days=2), contact=contact)
    world.order(f"{prefix}T1", ago(days=2), 10, contact=contact)
    tasks = [world.task("cart", ago(days=2, hours=n), contact=contact, name=name) for n in range(7)]
    world.task("cart", ago(days=2), company=f"{prefix}K1", branch="D05")  # nobody owns it
    return {
        "tenant": str(tenant_id),
        "customer": f"c:{contact}",
        "session": session,
        **{name: str(tasks[n]) for n, name in enumerate(("task", "task_2", "task_3", "task_4"))},
        "task_5": str(tasks[6]),
        "step": _step(world, tasks[4]),
        "step_2": _step(world, tasks[5]),
        "job": _job(world, "failed"),
        "waiting_job": _job(world, "queued"),
        "waiting_job_2": _job(world, "queued"),
        "term": _term(world, f"{prefix}valve"),
        "membership": _member(world),
        "api_token": _api_token(world),
        "mapping": _mapping(world, "D01"),
        "mapping_2": _mapping(world, "D04"),
        "mapping_3": _mapping(world, "D06"),
        "mapping_4": _mapping(world, "D08"),
        **_mail(world, contact),
    }


def make_token(superuser: Superuser, tenant_id: UUID, member: Member, scope: str) -> str:
    """An API token of somebody who has signed in before."""
    row = superuser.execute(
        "select member_id from member where email = %s", (member.email,)
    ).fetchone()
    assert row is not None
    with tenant_transaction(tenant_id) as conn:
        return create_api_token(
            conn, tenant_id, UUID(str(row[0])), name=scope, scopes=[scope], lifetime_days=30
        )


def digest(superuser: Superuser, tenant_id: UUID) -> dict[str, str]:
    """A hash of a tenant's rows in each table that has any."""
    tables = superuser.execute(
        """
        select c.table_name from information_schema.columns as c
        inner join pg_class as k on k.relname = c.table_name and not k.relispartition
        where c.table_schema = 'public' and c.column_name = 'tenant_id' and k.relkind in ('r', 'p')
        order by 1
        """
    ).fetchall()
    found = {}
    for (table,) in tables:
        row = superuser.execute(
            f"select md5(string_agg(t::text, '|' order by t::text)) from {table} as t"
            " where tenant_id = %s",
            (tenant_id,),
        ).fetchone()
        assert row is not None
        if row[0] is not None:
            found[str(table)] = str(row[0])
    return found


def _step(world: World, task_id: UUID) -> str:
    """A call that Ada logged, and can take back."""
    with tenant_transaction(world.tenant_id) as conn:
        actor = Actor(ADA.email, "page")
        return str(change_task(conn, world.tenant_id, task_id, Change("call", 0), actor))


def _job(world: World, status: str) -> str:
    job_id, now = uuid4(), ago()
    yesterday = ago(days=1).date()  # today has not begun in every zone
    ended = None if status == "queued" else now
    world.insert(
        "processing_jobs",
        job_id=job_id,
        kind="ingest",
        status=status,
        started_by=ADA.email,
        start_date=yesterday,
        end_date=yesterday,
        finished_at=ended,
        available_at=now + timedelta(days=1),
    )
    world.superuser.execute(
        "update processing_jobs set data_types = '{events}' where job_id = %s", (job_id,)
    )
    for file_type in ("users", "locations"):
        world.insert(
            "held_file",
            job_id=job_id,
            file_type=file_type,
            source_name=f"/{file_type}.csv",
            content_hash="x",
            row_count=1,
            previous_row_count=9,
        )
    return str(job_id)


def _term(world: World, term: str) -> str:
    at = ago(days=2)
    world.superuser.execute(
        """
        insert into term_visit (
            tenant_id, session_key, session_id, position, event_date, branch_id, term, term_key,
            customer_key, found, failed, is_first, is_first_failed, is_converted, last_at
        )
        values (
            %(t)s, 1, 's1', 1, %(day)s, 'D01', %(term)s, hashtextextended(%(term)s, 0), 'c:U1',
            0, 2, true, true, false, %(at)s
        )
        """,
        {"t": world.tenant_id, "day": at.date(), "term": term, "at": at},
    )
    return term


def _api_token(world: World) -> str:
    """A token of Ada's."""
    api_token_id = uuid4()
    world.superuser.execute(
        """
        insert into api_token (
            tenant_id, api_token_id, created_by, name, token_start, token_hash, scopes, expires_at
        )
        select %s, %s, m.member_id, 'Spare', 'sit_', %s, '{read}', now() + interval '1 day'
        from member as m where m.email = %s
        """,
        (world.tenant_id, api_token_id, api_token_id.bytes * 2, ADA.email),
    )
    return str(api_token_id)


def _mapping(world: World, branch_id: str) -> str:
    """A recipient of a branch's report."""
    mapping_id = uuid4()
    world.insert(
        "branch_email_mappings", mapping_id=mapping_id, branch_id=branch_id, email=ADA.email
    )
    return str(mapping_id)


def _mail(world: World, contact: str) -> Things:
    """Mail that may leave, a recipient, a schedule of each kind and a message that was sent."""
    world.insert("branch_email_mappings", branch_id="D01", email="known@acme.example")
    world.superuser.execute(
        """
        update tenant_config
        set smtp = '{"host": "mail.acme.example", "from_address": "a@b.example"}'
        where tenant_id = %s
        """,
        (world.tenant_id,),
    )
    switch_on(world.superuser, world.tenant_id)
    world.superuser.execute(
        """
        insert into email_schedule (tenant_id, kind, cron, time_zone)
        select %s, k.kind, '0 7 * * *', 'UTC' from unnest(array['report', 'digest']) as k (kind)
        on conflict do nothing
        """,
        (world.tenant_id,),
    )
    job_id, message_id, day = uuid4(), uuid4(), ago(days=1).date()
    world.insert(
        "email_sending_jobs",
        job_id=job_id,
        schedule_key="manual",
        period_start=day,
        period_end=day,
        started_by=ADA.email,
        planned_at=ago(),
    )
    world.superuser.execute(
        """
        insert into email_send_history (
            tenant_id, message_id, job_id, schedule_key, period_start, period_end, recipient,
            recipient_name, branch_ids, message_header, subject, html_body, text_body, status,
            sent_at
        )
        values (
            %s, %s, %s, 'manual', %s, %s, 'known@acme.example', 'Known', '{D01}', %s, '1 new',
            '<p>new</p>', 'new', 'sent', now()
        )
        """,
        (world.tenant_id, message_id, job_id, day, day, f"<{message_id}@acme.example>"),
    )
    return {"mail_job": str(job_id), "message": str(message_id)}


def _member(world: World) -> str:
    """A spare member, so that nobody who calls loses a role."""
    membership_id = uuid4()
    world.insert("membership", membership_id=membership_id, email=UNVERIFIED.email, role="rep")
    return str(membership_id)
