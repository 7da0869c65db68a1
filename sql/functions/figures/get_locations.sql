-- get_locations: every branch of the tenant, active ones first, then by name.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/dashboard/queries.py
create or replace function get_locations(p_tenant_id uuid)
returns table (location_id text, name text, city text, region text, is_active boolean)
language plpgsql
stable
as $$
begin
    return query
    select l.location_id, l.name, l.city, l.region, l.is_active
    from locations as l
    where l.tenant_id = p_tenant_id
    order by l.is_active desc, l.name, l.location_id;
end;
$$;
