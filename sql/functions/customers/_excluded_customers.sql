-- _excluded_customers: excluded customers such as staff, tests and competitors, sorted: 'c:' and a
-- contact, 'k:' and a company. An email domain expands to all its contacts.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/ that derive, list and count tasks
create or replace function _excluded_customers(p_tenant_id uuid)
returns text[]
language plpgsql
stable
as $$
begin
    return coalesce((
        select array_agg(e.customer order by e.customer collate "C")
        from (
            select case x.kind when 'contact' then 'c:' else 'k:' end || x.value as customer
            from exclusion as x
            where x.tenant_id = p_tenant_id and x.kind <> 'email_domain'
            union
            select 'c:' || u.user_id
            from exclusion as x
            inner join users as u
                on
                    u.tenant_id = p_tenant_id
                    and lower(split_part(u.email, '@', 2)) = x.value
            where x.tenant_id = p_tenant_id and x.kind = 'email_domain'
        ) as e
    ), '{}');
end;
$$;
