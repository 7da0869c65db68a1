-- get_freshness: how far the loaded days reach, and which of them may still change.
--
-- Definition  loaded      the days of which any event type was loaded
--             provisional those of them of which get_data_availability_combined calls any type so
--             complete_until  the last day of which all six event types are loaded and none is
--                         provisional; the extraction of sessions does not decide it
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
begin
    return query
    with per_day as (
        select
            d.event_date as day,
            daterange(d.event_date, d.event_date + 1) as span,
            count(*) filter (where d.event_type <> 'session_part') as types,
            bool_or(d.is_provisional) as may_change,
            max(d.loaded_at) as loaded_at
        from get_data_availability_combined(p_tenant_id) as d
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
