-- list_unassigned_tasks: the open tasks of a branch without an owner, latest first.
--
-- Definition  Without an owner: the customer is not assigned to a person, its account has no owner,
--             and its branch has no rep. The branch is that of the customer's last order.
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
    from _waiting_tasks(
        p_tenant_id, p_start_date, p_end_date, p_location_ids, v_excluded, v_loaded, p_now
    ) as t
    left join _assigned_owners(p_tenant_id, null) as a on a.customer_key = t.customer_key
    where
        t.owner_branch_id = p_branch_id and a.owner is null and t.account_owner is null
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
