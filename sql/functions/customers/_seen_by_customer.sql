-- _seen_by_customer: when each company, and each contact without one, last visited the shop.
--
-- Definition  last_at: over all sessions; last_at_branches: over those at p_location_ids, null if
--             none.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/customers/list_customers.sql
create or replace function _seen_by_customer(p_tenant_id uuid, p_location_ids text[])
returns table (customer_key text, last_at timestamptz, last_at_branches timestamptz)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select
        'k:' || s.company_id, max(s.last_ts),
        max(s.last_ts) filter (where s.branch_id = any(p_location_ids))
    from session as s
    where s.tenant_id = p_tenant_id and s.company_id is not null
    group by s.company_id
    union all
    select
        'c:' || s.contact_id, max(s.last_ts),
        max(s.last_ts) filter (where s.branch_id = any(p_location_ids))
    from session as s
    where s.tenant_id = p_tenant_id and s.company_id is null and s.contact_id is not null
    group by s.contact_id;
end;
$$;
