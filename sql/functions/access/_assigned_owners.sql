-- _assigned_owners: the owner each customer was assigned to by a person; one owner for all its
-- tasks.
--
-- Definition  The last assignment of any of the customer's tasks that was not undone. A null owner
--             means it assigned the customer to nobody. Without such a step, the owner stored on
--             its tasks. assigned_by is the assigner. Names are in lower case. p_customer_keys null
--             means every customer.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/access/_owned_customers.sql, and functions that return a task's owner
create or replace function _assigned_owners(p_tenant_id uuid, p_customer_keys text[])
returns table (customer_key text, owner text, assigned_by text)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select distinct on (g.customer_key) g.customer_key, lower(g.owner), lower(g.done_by)
    from (
        select w.customer_key, h.owner, h.done_by, true as is_step, h.happened_at
        from task_work as w
        inner join task_history as h
            on h.tenant_id = p_tenant_id and h.task_id = w.task_id and h.action = 'assign'
        where
            w.tenant_id = p_tenant_id
            and (p_customer_keys is null or w.customer_key = any(p_customer_keys))
            and not exists (
                select
                from task_history as u
                where
                    u.tenant_id = p_tenant_id and u.task_id = h.task_id
                    and u.undoes = h.history_id
            )
        union all
        select t.customer_key, t.owner, null, false, t.touched_at
        from task as t
        where
            t.tenant_id = p_tenant_id and t.owner is not null
            and (p_customer_keys is null or t.customer_key = any(p_customer_keys))
    ) as g
    order by g.customer_key, g.is_step desc, g.happened_at desc nulls last, g.owner;
end;
$$;
