-- _property_today: today's date in the time zone of the tenant's Google Analytics property.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   functions that check whether a day is settled
create or replace function _property_today(p_tenant_id uuid)
returns date
language sql
stable
as $$
    select (now() at time zone c.property_time_zone)::date
    from tenant_config as c
    where c.tenant_id = p_tenant_id
$$;
