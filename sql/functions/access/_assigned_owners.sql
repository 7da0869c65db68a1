-- _assigned_owners: the owner each customer was assigned to by a person; one owner for all its
-- tasks.
--
-- Definition  The last assignment of any of the customer's tasks that was not undone. An assignment
--             to nobody ends it. Without such a step, the owner stored on its tasks. A member who
--             is limited to branches can only give away what is theirs to give: a customer with its
--             home branch or an order there, or one that the customer file and orders do not know.
--             Names are in lower case. p_customer_keys null means every customer.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/access/_customer_owners.sql
create or replace function _assigned_owners(p_tenant_id uuid, p_customer_keys text[])
returns table (customer_key text, owner text)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    with given as materialized (
        select distinct on (g.customer_key) g.customer_key, lower(g.owner) as owner, g.done_by
        from (
            select w.customer_key, h.owner, h.done_by, true as is_step, h.happened_at
            from task_work as w
            inner join _standing_steps(p_tenant_id) as h
                on h.task_id = w.task_id and h.action = 'assign'
            where
                w.tenant_id = p_tenant_id
                and (p_customer_keys is null or w.customer_key = any(p_customer_keys))
            union all
            select t.customer_key, t.owner, null, false, t.touched_at
            from task as t
            where
                t.tenant_id = p_tenant_id and t.owner is not null
                and (p_customer_keys is null or t.customer_key = any(p_customer_keys))
        ) as g
        order by g.customer_key, g.is_step desc, g.happened_at desc nulls last, g.owner
    ),
    limited as (
        select m.location_ids, array_agg(g.customer_key) as customer_keys
        from given as g
        inner join membership as m
            on m.tenant_id = p_tenant_id and m.email = lower(g.done_by)
        where g.owner is not null and m.location_ids is not null
        group by m.location_ids
    ),
    refused as (
        select k.customer_key
        from limited as l
        cross join lateral unnest(l.customer_keys) as k (customer_key)
        inner join customer_account as c
            on c.tenant_id = p_tenant_id and c.customer_key = k.customer_key
        where
            (c.account_owner is not null or c.branch_source in ('order', 'file'))
            and k.customer_key <> all(
                _customers_at(p_tenant_id, l.location_ids, l.customer_keys)
            )
    )
    select g.customer_key, g.owner
    from given as g
    where
        g.owner is not null
        and not exists (select from refused as r where r.customer_key = g.customer_key);
end;
$$;
