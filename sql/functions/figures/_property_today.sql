-- _property_today: the day it is now where the tenant's Google Analytics property counts days.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   functions that ask whether a day is settled
create or replace function _property_today(p_tenant_id uuid)
returns date
language sql
stable
as $$
    select (now() at time zone c.property_time_zone)::date
    from tenant_config as c
    where c.tenant_id = p_tenant_id
$$;
