-- _branch_owners: who owns the customers of each branch that nobody else owns.
--
-- Definition  The first rep of the branch; without a rep, the first other member who works and gets
--             its reports. A rep is of a branch if limited to it, or if its reports go there. First:
--             whose mapping is the oldest, then by address.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/access/_customer_owners.sql
create or replace function _branch_owners(p_tenant_id uuid)
returns table (branch_id text, owner text)
language sql
stable
as $$
    select distinct on (p.branch_id) p.branch_id, p.email
    from (
        select b.branch_id, m.email, m.role, m.created_at
        from membership as m
        cross join unnest(m.location_ids) as b (branch_id)
        where m.tenant_id = p_tenant_id and m.is_active and m.role = 'rep'
        union all
        select b.branch_id, m.email, m.role, b.created_at
        from branch_email_mappings as b
        inner join membership as m on m.email = b.email
        where
            b.tenant_id = p_tenant_id and b.is_enabled
            and m.tenant_id = p_tenant_id and m.is_active and m.role <> 'viewer'
            and (m.location_ids is null or b.branch_id = any(m.location_ids))
    ) as p
    order by p.branch_id, p.role <> 'rep', p.created_at, p.email
$$;
