-- _customer_sessions: all sessions of one customer.
--
-- Definition  p_customer_key is 'k:' and a company, 'c:' and a contact, or 'd:' and a device
--             without a known contact or company. p_location_ids null means every branch.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/ of customer pages
create or replace function _customer_sessions(
    p_tenant_id uuid, p_customer_key text, p_location_ids text[] default null
)
returns setof session
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_kind text := left(p_customer_key, 2);
    v_id text := substr(p_customer_key, 3);
begin
    return query
    select s.*
    from session as s
    where
        s.tenant_id = p_tenant_id
        and (p_location_ids is null or s.branch_id = any(p_location_ids))
        and (
            (v_kind = 'k:' and s.company_id = v_id)
            or (v_kind = 'c:' and s.contact_id = v_id)
            or (v_kind = 'd:' and s.visitor_id = p_customer_key and s.company_id is null)
        );
end;
$$;
