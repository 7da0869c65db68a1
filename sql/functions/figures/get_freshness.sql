-- get_freshness: how far the loaded days reach, and which of them may still change.
--
-- Definition  loaded          days with any event type loaded
--             provisional     those of them with any type for which _is_provisional is true
--             streamed        settled days with any type from an intraday or fresh table
--             complete_until  last day with all six event types loaded and none provisional; session
--                             extraction does not count
--             last_loaded_at  when the newest of all was loaded
--             One row; empty sets and nulls if nothing is loaded.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/ingest/freshness.py
create or replace function get_freshness(p_tenant_id uuid)
returns table (
    loaded datemultirange,
    provisional datemultirange,
    streamed datemultirange,
    complete_until date,
    last_loaded_at timestamptz
)
language plpgsql
stable
as $$
declare
    v_today date := _property_today(p_tenant_id);
begin
    return query
    with per_day as (
        select
            d.event_date as day,
            daterange(d.event_date, d.event_date + 1) as span,
            count(*) filter (where d.event_type <> 'session_part') as types,
            bool_or(_is_provisional(d.source_kind, d.event_date, v_today)) as may_change,
            bool_or(d.source_kind <> 'daily') as is_streamed,
            max(d.loaded_at) as loaded_at
        from day_load as d
        where d.tenant_id = p_tenant_id
        group by d.event_date
    )
    select
        coalesce(range_agg(p.span), '{}'),
        coalesce(range_agg(p.span) filter (where p.may_change), '{}'),
        coalesce(
            range_agg(p.span) filter (where p.is_streamed and not p.may_change), '{}'
        ),
        max(p.day) filter (where p.types = 6 and not p.may_change),
        max(p.loaded_at)
    from per_day as p;
end;
$$;
