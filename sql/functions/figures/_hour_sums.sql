-- _hour_sums: sessions, visitors and searches in buckets of p_hours on the property's clock.
--
-- Definition  From clock_hour, for all branches or one. Several branches together are counted from
--             the sessions, because a visitor may have been in more than one. So is everything
--             after a change of the time zone until the next load.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/_chart_by_hour.sql
create or replace function _hour_sums(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_hours integer,
    p_location_ids text[], p_zone text
)
returns table (
    bucket timestamp, sessions bigint, visitors bigint, sessions_with_order bigint,
    searches bigint, failed_searches bigint
)
language plpgsql
stable
as $$
declare
    v_scope text := _branch_scope(p_location_ids);
begin
    if coalesce(cardinality(p_location_ids), 1) > 1 or not exists (
        select from clock_zone as z where z.tenant_id = p_tenant_id and z.time_zone = p_zone
    ) then
        return query
        select s.*
        from _count_hours(
            p_tenant_id, p_start_date, p_end_date, p_hours, p_location_ids, p_zone
        ) as s;
        return;
    end if;
    return query
    select
        h.event_date + make_interval(hours => h.local_hour / p_hours * p_hours),
        sum(h.sessions)::bigint,
        sum(
            case p_hours
                when 1 then h.visitors when 4 then h.visitors_in_4 else h.visitors_in_12
            end
        )::bigint,
        sum(h.sessions_with_order)::bigint, sum(h.searches)::bigint,
        sum(h.failed_searches)::bigint
    from clock_hour as h
    where
        h.tenant_id = p_tenant_id and h.scope = v_scope
        and h.event_date between p_start_date and p_end_date
    group by 1;
end;
$$;
