-- _account_customers: the customers whose account owner in the customer file has one of these
-- names.
--
-- Definition  A company's account owner is the one most of its contacts name; a tie goes to the
--             first by name. p_names is in lower case.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/access/_owned_customers.sql
create or replace function _account_customers(p_tenant_id uuid, p_names text[])
returns table (customer_key text)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select 'k:' || u.buying_company_erp_id
    from users as u
    where
        u.tenant_id = p_tenant_id
        and u.buying_company_erp_id in (
            select n.buying_company_erp_id
            from users as n
            where n.tenant_id = p_tenant_id and lower(n.account_owner) = any(p_names)
        )
    group by u.buying_company_erp_id
    having lower(mode() within group (order by u.account_owner)) = any(p_names)
    union all
    select 'c:' || u.user_id
    from users as u
    where
        u.tenant_id = p_tenant_id and u.buying_company_erp_id is null
        and lower(u.account_owner) = any(p_names);
end;
$$;
