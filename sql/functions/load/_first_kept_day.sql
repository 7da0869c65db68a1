-- _first_kept_day: the oldest day whose events the tenant keeps; older ones are deleted every
-- night.
--
-- Units       a day of the Google Analytics property.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/ingest/store/kept_days.py, app/ingest/store/retention.py
create or replace function _first_kept_day(p_tenant_id uuid)
returns date
language plpgsql
stable
as $$
begin
    return (
        select (_property_today(p_tenant_id) - make_interval(months => c.retention_months))::date
        from tenant_config as c
        where c.tenant_id = p_tenant_id
    );
end;
$$;
