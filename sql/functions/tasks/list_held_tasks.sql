-- list_held_tasks: an open task of each customer of one row of the team board, the newest
-- customers first.
--
-- Definition  p_holder as in _customer_owners; customers as counted by get_team_board. One task is
--             enough, because an assignment holds for the customer.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/board/queries.py
create or replace function list_held_tasks(
    p_tenant_id uuid, p_scope member_scope, p_holder text, p_start_date date, p_end_date date,
    p_limit integer default 200, p_now timestamptz default now()
)
returns table (task_id uuid, version integer)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select w.task_id, w.version
    from (
        select distinct on (t.customer_key) t.task_id, t.version, t.last_at
        from _waiting_tasks(
            p_tenant_id, p_scope, p_start_date, p_end_date, null, p_now
        ) as t
        inner join _customer_owners(p_tenant_id, null, array[p_holder]) as o
            on o.customer_key = t.customer_key
        order by t.customer_key, t.last_at desc, t.task_id
    ) as w
    order by w.last_at desc, w.task_id
    limit p_limit;
end;
$$;
