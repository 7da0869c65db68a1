-- _is_day_whole: whether all events of a loaded day have arrived, as far as can be known.
--
-- Definition  True if the day comes from its daily table, or is settled from another one. A
--             streaming-only property has a day settled from an intraday or fresh table after its
--             last daily one; its days are whole once they are loaded after their end.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/email/schedule/start.py
create or replace function _is_day_whole(p_tenant_id uuid, p_event_date date)
returns boolean
language plpgsql
stable
as $$
declare
    v_today date := _property_today(p_tenant_id);
    v_end timestamptz := (
        select (p_event_date + 1)::timestamp at time zone c.property_time_zone
        from tenant_config as c
        where c.tenant_id = p_tenant_id
    );
    v_only_streams boolean := (
        select
            max(d.event_date) filter (
                where d.source_kind <> 'daily'
                and not _is_provisional(d.source_kind, d.event_date, v_today)
            ) > coalesce(max(d.event_date) filter (where d.source_kind = 'daily'), '-infinity')
        from day_load as d
        where d.tenant_id = p_tenant_id and d.event_type = 'purchase'
    );
begin
    return (
        select count(*) = 2
        from day_load as d
        where
            d.tenant_id = p_tenant_id and d.event_date = p_event_date
            and d.event_type in ('purchase', 'add_to_cart')
            and (
                d.source_kind = 'daily'
                or not _is_provisional(d.source_kind, d.event_date, v_today)
                or (v_only_streams and d.loaded_at >= v_end)
            )
    );
end;
$$;
