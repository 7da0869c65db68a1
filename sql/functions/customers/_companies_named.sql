-- _companies_named: the companies of the customer file whose name or number contains some words.
--
-- Definition  Without regard to case; null without words.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/list_orders.sql, sum_orders.sql, list_sessions.sql,
--             sum_sessions.sql
create or replace function _companies_named(p_tenant_id uuid, p_query text)
returns text[]
language plpgsql
stable
as $$
begin
    if p_query is null then
        return null;
    end if;
    return array(
        select distinct u.buying_company_erp_id
        from users as u
        where
            u.tenant_id = p_tenant_id and u.buying_company_erp_id is not null
            and (
                position(lower(p_query) in lower(u.buying_company_name)) > 0
                or position(lower(p_query) in lower(u.buying_company_erp_id)) > 0
            )
    );
end;
$$;
