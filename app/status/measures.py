"""Numbers about all tenants' jobs, data, mail and connections, without any of their content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Measure:
    """One number with its Prometheus name and labels."""

    name: str
    help: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


def read_measures(conn: Connection) -> Iterator[Measure]:
    """Every measure; needs admin_transaction(). Tenants are named by their slug."""
    for status, count in conn.execute(_JOBS):
        yield Measure("jobs_open", "Jobs by status", count, {"status": status})
    row = conn.execute(_QUEUE).one()
    yield Measure("jobs_oldest_due_seconds", "How long the oldest due job waits", row.oldest_s)
    yield Measure("jobs_lease_over", "Running jobs whose worker is silent", row.silent)
    for slug, seconds, failures in conn.execute(_INGEST):
        labels = {"tenant": slug}
        if seconds is not None:
            said = "Since the last ingestion that succeeded"
            yield Measure("ingest_last_success_seconds", said, seconds, labels)
        said = "Ingestions that failed since the last success"
        yield Measure("ingest_failures_in_a_row", said, failures, labels)
    for slug, seconds in conn.execute(_FRESHNESS):
        said = "Since the end of the last day loaded whole"
        yield Measure("data_age_seconds", said, seconds, {"tenant": slug})
    for status, count, oldest_s in conn.execute(_MAIL):
        labels = {"status": status}
        yield Measure("mail_messages", "Messages on their way, by status", count, labels)
        said = "How long the oldest of them is on its way"
        yield Measure("mail_oldest_seconds", said, oldest_s, labels)
    for slug, section, is_good, seconds in conn.execute(_CONNECTIONS):
        labels = {"tenant": slug, "dependency": section}
        said = "Whether the last test of the connection passed"
        yield Measure("dependency_up", said, float(is_good), labels)
        yield Measure("dependency_checked_seconds", "Since that test", seconds, labels)


_JOBS = text("""
    select s.status, count(j.job_id)::float8
    from unnest(array['queued', 'processing']) as s (status)
    left join processing_jobs as j on j.status = s.status
    group by s.status
    order by 1
""")
_QUEUE = text("""
    select
        coalesce(extract(epoch from max(clock_timestamp() - available_at) filter (
            where status = 'queued' and available_at <= clock_timestamp()
        )), 0)::float8 as oldest_s,
        (count(*) filter (
            where status = 'processing' and leased_until < clock_timestamp()
        ))::float8 as silent
    from processing_jobs
    where status in ('queued', 'processing')
""")
_INGEST = text("""
    with ended as (
        select
            j.tenant_id, j.finished_at, j.status in ('completed', 'completed_with_warnings') as good
        from processing_jobs as j
        where j.kind = 'ingest' and j.parent_job_id is null and j.finished_at is not null
    ),
    best as (
        select e.tenant_id, max(e.finished_at) as at from ended as e where e.good group by 1
    )
    select
        t.slug, extract(epoch from clock_timestamp() - b.at)::float8,
        (
            select count(*)::float8 from ended as e
            where e.tenant_id = t.tenant_id and not e.good
                and (b.at is null or e.finished_at > b.at)
        )
    from tenant as t
    left join best as b on b.tenant_id = t.tenant_id
    where not t.is_suspended
    order by 1
""")
_FRESHNESS = text("""
    select t.slug, extract(epoch from clock_timestamp() - (d.last_day + 1))::float8
    from tenant as t
    cross join (select (clock_timestamp() at time zone 'UTC')::date as today) as k
    cross join lateral (
        select case
            when
                max(l.event_date) filter (
                    where l.source_kind <> 'daily'
                    and not _is_provisional(l.source_kind, l.event_date, k.today)
                ) > coalesce(max(l.event_date) filter (where l.source_kind = 'daily'), '-infinity')
                then max(l.event_date) filter (where l.event_date < k.today)
            else max(l.event_date) filter (where l.source_kind = 'daily')
        end as last_day
        from day_load as l
        where l.tenant_id = t.tenant_id and l.event_type = 'purchase'
    ) as d
    where not t.is_suspended and d.last_day is not null
    order by 1
""")
_MAIL = text("""
    select
        s.status, count(h.status)::float8,
        coalesce(extract(epoch from max(clock_timestamp() - h.created_at)), 0)::float8
    from unnest(array['planned', 'sending']) as s (status)
    left join email_send_history as h on h.status = s.status
    group by s.status
    order by 1
""")
_CONNECTIONS = text("""
    select
        t.slug, c.section, c.is_good,
        extract(epoch from clock_timestamp() - c.checked_at)::float8
    from connection_check as c
    inner join tenant as t on t.tenant_id = c.tenant_id
    where c.is_good is not null and not t.is_suspended
    order by 1, 2
""")
