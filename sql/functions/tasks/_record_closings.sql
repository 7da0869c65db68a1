-- _record_closings: record in the history that touched tasks were closed by an order or expired.
--
-- Definition  Once for each time a task closed or expired after its last step.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/daily.py, every hour
create or replace function _record_closings(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    insert into task_history (
        tenant_id, task_id, done_by, via, action, from_state, to_state, reason, version,
        task_type, customer_key
    )
    select
        p_tenant_id, c.task_id, 'system', 'job', c.standing, c.state, c.standing,
        coalesce(c.closed_reason, case when c.fixed_at is not null then 'fixed' end), c.version,
        c.task_type, c.customer_key
    from (
        select
            t.*,
            _task_state(
                t.state, t.closed_at, t.fixed_at, t.snoozed_until, t.cool_until, t.last_at,
                t.expires_at, t.touched_at, now()
            ) as standing
        from task as t
        where t.tenant_id = p_tenant_id and t.touched_at is not null
    ) as c
    where
        c.standing in ('closed', 'expired')
        and not exists (
            select from task_history as h
            where
                h.tenant_id = p_tenant_id and h.task_id = c.task_id
                and h.action in ('closed', 'expired') and h.happened_at > c.touched_at
        );
end;
$$;
