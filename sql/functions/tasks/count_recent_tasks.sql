-- count_recent_tasks: how many tasks of each type the last p_days loaded days produced, and how
-- many are open.
--
-- Definition  By the day of their last evidence; includes excluded customers.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/settings/effect.py
create or replace function count_recent_tasks(p_tenant_id uuid, p_days integer default 30)
returns table (task_type text, made bigint, open bigint)
language plpgsql
stable
as $$
declare
    v_last date := (select max(d.event_date) from day_load as d where d.tenant_id = p_tenant_id);
    v_loaded tstzmultirange := _loaded_time(p_tenant_id);
begin
    return query
    select
        t.task_type, count(*),
        count(*) filter (
            where _is_judged(t.task_type, t.last_at, t.ready_at, v_loaded) and _task_state(
                t.state, t.closed_at, t.fixed_at, t.snoozed_until, t.cool_until, t.last_at,
                t.expires_at, t.touched_at, now()
            ) in ('open', 'in_progress')
        )
    from task as t
    where t.tenant_id = p_tenant_id and t.is_task and t.last_date > v_last - p_days
    group by t.task_type
    order by t.task_type;
end;
$$;
