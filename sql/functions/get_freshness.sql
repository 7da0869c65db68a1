-- get_freshness: how far the loaded days reach, and which of them may still change.
--
-- Definition  loaded      the days of which any event type was loaded
--             provisional those of them of which any type came from an intraday or fresh table, or
--                         that are at most three days old in the property's zone
--             complete_until  the last day of which all six types are loaded and none is
--                         provisional
--             last_loaded_at  when the newest of all was loaded
--             One row; empty sets and nulls where nothing is loaded.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/ingest/freshness.py
create or replace function get_freshness(p_tenant_id uuid)
returns table (
    loaded datemultirange,
    provisional datemultirange,
    complete_until date,
    last_loaded_at timestamptz
)
language plpgsql
stable
as $$
declare
    v_today date;
begin
    select (now() at time zone c.property_time_zone)::date into v_today
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
    return query
    with per_day as (
        select
            d.event_date as day,
            daterange(d.event_date, d.event_date + 1) as span,
            count(*) as types,
            bool_or(d.source_kind <> 'daily' or d.event_date >= v_today - 3) as may_change,
            max(d.loaded_at) as loaded_at
        from day_load as d
        where d.tenant_id = p_tenant_id
        group by d.event_date
    )
    select
        coalesce(range_agg(p.span), '{}'),
        coalesce(range_agg(p.span) filter (where p.may_change), '{}'),
        max(p.day) filter (where p.types = 6 and not p.may_change),
        max(p.loaded_at)
    from per_day as p;
end;
$$;
