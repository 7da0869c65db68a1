-- list_unassigned_tasks: the open tasks of a branch that belong to nobody, the latest first.
--
-- Definition  Nobody: its customer is neither given to a person, nor of an account that has an
--             owner, nor of a branch that has a rep; the branch is that of the customer's last
--             order.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/board/queries.py
create or replace function list_unassigned_tasks(
    p_tenant_id uuid, p_branch_id text, p_start_date date, p_end_date date,
    p_location_ids text[], p_limit integer default 200,
    p_now timestamptz default now()
)
returns table (task_id uuid, version integer)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_excluded text[] := _excluded_customers(p_tenant_id) || _silenced_customers(p_tenant_id);
    v_loaded tstzmultirange := _loaded_time(p_tenant_id);
begin
    return query
    select t.task_id, t.version
    from task as t
    left join _assigned_owners(p_tenant_id, null) as a on a.customer_key = t.customer_key
    where
        t.tenant_id = p_tenant_id and t.task_type = any(array[
            'purchase', 'cart', 'no_results', 'no_conversion', 'repeat_visit', 'bounce'
        ])
        and t.last_date between p_start_date and p_end_date
        and t.owner_branch_id = p_branch_id and a.owner is null and t.account_owner is null
        and (_is_judged(t.task_type, t.last_at, t.ready_at, v_loaded) or not t.is_task)
        and (p_location_ids is null or t.branch_id = any(p_location_ids))
        and t.customer_key <> all(v_excluded)
        and coalesce('c:' || t.contact_id, '') <> all(v_excluded)
        and _task_state(
            t.state, t.closed_at, t.fixed_at, t.snoozed_until, t.cool_until, t.last_at,
            t.expires_at, t.touched_at, p_now
        ) in ('open', 'in_progress')
        and not exists (
            select
            from membership as m
            where
                m.tenant_id = p_tenant_id and m.role = 'rep' and m.is_active
                and p_branch_id = any(m.location_ids)
        )
    order by t.last_at desc, t.task_id
    limit p_limit;
end;
$$;
