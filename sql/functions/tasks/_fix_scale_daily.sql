-- _fix_scale_daily: the factors of a day, in the tenant's zone, that has none yet, even without a
-- load.
--
-- Definition  A day without any task value is computed again.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/daily.py, every hour
create or replace function _fix_scale_daily(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    if exists (
        select from task_scale as s
        inner join tenant_config as c on c.tenant_id = s.tenant_id
        where
            s.tenant_id = p_tenant_id and s.value_p90 is not null
            and s.scale_date = (now() at time zone c.time_zone)::date
    ) then
        return;
    end if;
    perform _fix_scale(p_tenant_id);
end;
$$;
