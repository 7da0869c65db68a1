-- get_email_jobs_paginated: planned mailings, newest first, with their messages counted by state.
--
-- Definition  The six state counts add up to messages. With p_location_ids, counts only messages
--             about no other branch, and lists only mailings that are about no other branch or have
--             such a message; the job's own sentence, which counts all messages, is shown only for
--             the former. Null means every branch. total: all mailings that may be listed.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/email/history/queries.py
create or replace function get_email_jobs_paginated(
    p_tenant_id uuid, p_limit integer default 50, p_offset integer default 0,
    p_job_id uuid default null, p_location_ids text[] default null
)
returns table (
    job_id uuid, kind text, schedule_key text, period_start date, period_end date,
    location_ids text[], started_by text, created_at timestamptz, planned_at timestamptz,
    messages bigint, planned bigint, sending bigint, sent bigint, failed bigint, skipped bigint,
    unknown bigint, job_status text, job_message text, total bigint
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_total bigint;
begin
    select count(*) into v_total
    from email_sending_jobs as j
    where
        j.tenant_id = p_tenant_id and (p_job_id is null or j.job_id = p_job_id)
        and _is_planning_in_scope(p_tenant_id, j.job_id, j.location_ids, p_location_ids);
    return query
    with listed as (
        select j.*
        from email_sending_jobs as j
        where
            j.tenant_id = p_tenant_id and (p_job_id is null or j.job_id = p_job_id)
            and _is_planning_in_scope(p_tenant_id, j.job_id, j.location_ids, p_location_ids)
        order by j.created_at desc, j.job_id
        limit p_limit offset p_offset
    )

    select
        l.job_id, l.kind, l.schedule_key, l.period_start, l.period_end, l.location_ids,
        l.started_by, l.created_at, l.planned_at, n.messages, n.planned, n.sending, n.sent,
        n.failed, n.skipped, n.unknown, p.status,
        case when p_location_ids is null or l.location_ids <@ p_location_ids then p.message end,
        v_total
    from listed as l
    left join processing_jobs as p on p.tenant_id = l.tenant_id and p.job_id = l.job_id
    cross join lateral (
        select
            count(*) as messages,
            count(*) filter (where h.status = 'planned') as planned,
            count(*) filter (where h.status = 'sending') as sending,
            count(*) filter (where h.status = 'sent') as sent,
            count(*) filter (where h.status = 'failed') as failed,
            count(*) filter (where h.status = 'skipped') as skipped,
            count(*) filter (where h.status = 'unknown') as unknown
        from email_send_history as h
        where
            h.tenant_id = p_tenant_id and h.job_id = l.job_id
            and (
                p_location_ids is null
                or h.branch_ids <@ p_location_ids and h.branch_ids <> '{}'
            )
    ) as n
    order by l.created_at desc, l.job_id;
end;
$$;
