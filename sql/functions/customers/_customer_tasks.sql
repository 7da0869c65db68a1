-- _customer_tasks: the tasks of one customer with their state at p_now.
--
-- Definition  Companies ('k:') and devices ('d:') match the customer key of the task, contacts
--             ('c:') the task's contact. Includes tasks that somebody worked on whose evidence has
--             vanished.
-- Units       value in currency; null if it cannot be estimated.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/ of customer pages
create or replace function _customer_tasks(
    p_tenant_id uuid, p_customer_key text, p_location_ids text[] default null,
    p_now timestamptz default now()
)
returns table (
    task_id uuid, task_type text, state text, outcome text, first_at timestamptz,
    last_at timestamptz, ready_at timestamptz, branch_id text, currency text, value numeric
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_contact text := case when left(p_customer_key, 2) = 'c:' then substr(p_customer_key, 3) end;
    v_loaded tstzmultirange := _loaded_time(p_tenant_id);
    v_estimate numeric := (select s.estimate from _task_scale(p_tenant_id) as s);
begin
    return query
    select
        t.task_id, t.task_type,
        _task_state(
            t.state, t.closed_at, t.fixed_at, t.snoozed_until, t.cool_until, t.last_at,
            t.expires_at, t.touched_at, p_now
        ),
        t.outcome, t.first_at, t.last_at, t.ready_at, t.branch_id, t.currency,
        case when t.estimate_sessions > 0 then t.estimate_sessions * v_estimate else t.value end
    from task as t
    where
        t.tenant_id = p_tenant_id
        and (_is_judged(t.task_type, t.last_at, t.ready_at, v_loaded) or not t.is_task)
        and (p_location_ids is null or t.branch_id = any(p_location_ids))
        and (
            (v_contact is null and t.customer_key = p_customer_key)
            or (v_contact is not null and t.contact_id = v_contact)
        );
end;
$$;
