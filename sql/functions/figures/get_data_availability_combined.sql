-- get_data_availability_combined: which days are loaded per event type, and from which table.
--
-- Definition  One row per loaded day and event type, even without rows; _is_provisional decides
--             whether a day is provisional.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/ingest/queries.py
create or replace function get_data_availability_combined(
    p_tenant_id uuid, p_start_date date default null, p_end_date date default null
)
returns table (
    event_date date,
    event_type text,
    row_count bigint,
    source_table text,
    is_provisional boolean,
    loaded_at timestamptz
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_today date := _property_today(p_tenant_id);
begin
    return query
    select
        d.event_date, d.event_type, d.row_count, d.source_table,
        _is_provisional(d.source_kind, d.event_date, v_today), d.loaded_at
    from day_load as d
    where
        d.tenant_id = p_tenant_id
        and d.event_date between coalesce(p_start_date, '-infinity')
        and coalesce(p_end_date, 'infinity')
    order by d.event_date, d.event_type;
end;
$$;
