-- _loaded_until: the instant up to which this tenant's carts and orders are known.
--
-- Definition  The earlier of now and the end of loaded data: of the last day that has both its
--             cart events and its orders, midnight in the property's zone when it came from the
--             daily table or is settled without one, else the latest instant loaded of that day, its beginning when it has
--             none. Null when
--             nothing is loaded.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/get_dashboard_overview_stats.sql and others that count carts
create or replace function _loaded_until(p_tenant_id uuid)
returns timestamptz
language plpgsql
stable
as $$
declare
    v_day date;
    v_is_whole boolean;
    v_today date := _property_today(p_tenant_id);
begin
    select
        p.event_date,
        (p.source_kind = 'daily' or not _is_provisional(p.source_kind, p.event_date, v_today))
        and (c.source_kind = 'daily' or not _is_provisional(c.source_kind, c.event_date, v_today))
    into v_day, v_is_whole
    from day_load as p
    inner join day_load as c on c.tenant_id = p.tenant_id and c.event_date = p.event_date
    where
        p.tenant_id = p_tenant_id and p.event_type = 'purchase' and c.event_type = 'add_to_cart'
    order by p.event_date desc
    limit 1;
    if v_is_whole then
        return least(now(), (
            select (v_day + 1)::timestamp at time zone c.property_time_zone
            from tenant_config as c
            where c.tenant_id = p_tenant_id
        ));
    end if;
    if v_day is null then
        return null;
    end if;
    return (
        select least(
            now(),
            coalesce(
                max(d.last_event_ts), v_day::timestamp at time zone min(c.property_time_zone)
            )
        )
        from tenant_config as c
        left join day_load as d on d.tenant_id = c.tenant_id and d.event_date = v_day
        where c.tenant_id = p_tenant_id
    );
end;
$$;
