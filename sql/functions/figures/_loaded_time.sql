-- _loaded_time: the time ranges, up to now, whose carts and orders are known.
--
-- Definition  Covers each day with both carts and orders loaded. A day counts whole, in the
--             property's zone, if they come from the daily table or the day settled without one, or
--             if it was read after its end and the next day is loaded too; otherwise up to its last
--             loaded instant. Adjacent days form one range. Null if nothing is loaded.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   functions that list and count carts
create or replace function _loaded_time(p_tenant_id uuid)
returns tstzmultirange
language plpgsql
stable
as $$
declare
    v_today date := _property_today(p_tenant_id);
begin
    return (
        with days as (
            select
                p.event_date,
                p.event_date::timestamp at time zone c.property_time_zone as starts_at,
                (p.event_date + 1)::timestamp at time zone c.property_time_zone as ends_at,
                (p.source_kind = 'daily' or not _is_provisional(p.source_kind, p.event_date, v_today))
                and (
                    k.source_kind = 'daily'
                    or not _is_provisional(k.source_kind, k.event_date, v_today)
                ) as is_whole,
                least(p.loaded_at, k.loaded_at) as loaded_at,
                lead(p.event_date) over (order by p.event_date) as next_date
            from tenant_config as c
            inner join day_load as p on p.tenant_id = c.tenant_id and p.event_type = 'purchase'
            inner join day_load as k
                on
                    k.tenant_id = p.tenant_id and k.event_date = p.event_date
                    and k.event_type = 'add_to_cart'
            where c.tenant_id = p_tenant_id
        )
        select
            range_agg(tstzrange(d.starts_at, case
                when d.is_whole then d.ends_at
                when d.next_date = d.event_date + 1 and d.loaded_at >= d.ends_at then d.ends_at
                else greatest(d.starts_at, (
                    select max(l.last_event_ts)
                    from day_load as l
                    where l.tenant_id = p_tenant_id and l.event_date = d.event_date
                ))
            end)) * tstzmultirange(tstzrange(null, now(), '[]'))
        from days as d
    );
end;
$$;
