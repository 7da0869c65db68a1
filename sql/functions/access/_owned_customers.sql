-- _owned_customers: the keys of the customers that the scope's member owns.
--
-- Definition  Customers assigned to the member by somebody entitled to: the customer was at the
--             assigner's branches. Also the member's accounts in the customer file, unless assigned
--             to somebody else. A company's account owner is the one most of its contacts name; a
--             tie goes to the first by address. Only addresses count, because members choose their
--             own names at the identity provider. Empty if the scope has no owner.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/access/_whole_customers.sql, get_task_queue.sql
create or replace function _owned_customers(p_tenant_id uuid, p_scope member_scope)
returns text[]
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_names text[] := array(
        select lower(m.email)
        from membership as m
        where
            m.tenant_id = p_tenant_id and m.is_active and m.role <> 'viewer'
            and lower(m.email) = lower((p_scope).owner)
    );
    v_accounts text[];
    v_given text[];
begin
    if v_names = '{}' then
        return '{}';
    end if;
    select array(
        select c.customer_key from _account_customers(p_tenant_id, v_names) as c
    ) into v_accounts;
    select array(
        select distinct w.customer_key
        from task_history as h
        inner join task_work as w on w.tenant_id = p_tenant_id and w.task_id = h.task_id
        where
            h.tenant_id = p_tenant_id and h.action = 'assign' and lower(h.owner) = any(v_names)
    ) into v_given;
    return array(
        with assigned as (
            select a.*
            from _assigned_owners(p_tenant_id, v_accounts || v_given) as a
            where a.owner is not null
        )
        select h.customer_key
        from (
            select m.location_ids, array_agg(a.customer_key) as customer_keys
            from assigned as a
            inner join membership as m
                on m.tenant_id = p_tenant_id and lower(m.email) = a.assigned_by
            where a.owner = any(v_names)
            group by m.location_ids
        ) as g
        cross join lateral unnest(case
            when g.location_ids is null then g.customer_keys
            else _customers_at(p_tenant_id, g.location_ids, g.customer_keys)
        end) as h (customer_key)
        union
        select c.customer_key
        from unnest(v_accounts) as c (customer_key)
        where c.customer_key not in (select a.customer_key from assigned as a)
    );
end;
$$;
