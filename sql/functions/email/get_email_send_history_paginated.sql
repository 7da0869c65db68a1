-- get_email_send_history_paginated: messages, newest first, without their content.
--
-- Definition  All messages, or those of one mailing, in one state, to one recipient, or about only
--             these branches. acted_at: when a link in the message was last used to do something.
--             total: all messages that match.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/email/history/queries.py
create or replace function get_email_send_history_paginated(
    p_tenant_id uuid, p_limit integer default 50, p_offset integer default 0,
    p_job_id uuid default null, p_status text default null, p_recipient text default null,
    p_location_ids text[] default null
)
returns table (
    message_id uuid, job_id uuid, kind text, schedule_key text, period_start date,
    period_end date, recipient text, recipient_name text, branch_ids text[], subject text,
    status text, reason text, attempts integer, retry_at timestamptz, server_code integer,
    server_answer text, resolved_by text, created_at timestamptz, sent_at timestamptz,
    acted_at timestamptz, total bigint
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    with found as (
        select h.*
        from email_send_history as h
        where
            h.tenant_id = p_tenant_id
            and (p_job_id is null or h.job_id = p_job_id)
            and (p_status is null or h.status = p_status)
            and (p_recipient is null or h.recipient = p_recipient)
            and (
                p_location_ids is null
                or h.branch_ids <@ p_location_ids and h.branch_ids <> '{}'
            )
    ),
    listed as (
        select f.*, (select count(*) from found) as total
        from found as f
        order by f.created_at desc, f.message_id
        limit p_limit offset p_offset
    )

    select
        l.message_id, l.job_id, j.kind, l.schedule_key, l.period_start, l.period_end,
        l.recipient, l.recipient_name, l.branch_ids, l.subject, l.status, l.reason, l.attempts,
        l.retry_at, l.server_code, l.server_answer, l.resolved_by, l.created_at, l.sent_at,
        (
            select max(u.used_at)
            from email_link as k
            inner join email_link_use as u
                on u.tenant_id = k.tenant_id and u.token_hash = k.token_hash
            where
                k.tenant_id = l.tenant_id and k.message_id = l.message_id
                and u.action in ('done', 'snooze')
        ), l.total
    from listed as l
    inner join email_sending_jobs as j on j.tenant_id = l.tenant_id and j.job_id = l.job_id
    order by l.created_at desc, l.message_id;
end;
$$;
