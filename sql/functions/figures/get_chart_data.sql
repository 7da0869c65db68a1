-- get_chart_data: one row per bucket of the range in time order, including empty ones.
--
-- Definition  hourly, 4hours and 12hours group by the clock of the property's zone; daily, weekly
--             (ISO, Monday) and monthly by event_date. bucket is the clock time at which a bucket
--             begins; a week or month that begins before the range counts only the days in it.
--             Visitors are distinct within a bucket.
-- Units       money in the reporting currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/dashboard/queries.py
create or replace function get_chart_data(
    p_tenant_id uuid,
    p_start_date date,
    p_end_date date,
    p_granularity text,
    p_location_ids text[] default null
)
returns table (
    bucket timestamp,
    sessions bigint,
    visitors bigint,
    orders bigint,
    revenue numeric,
    refunds numeric,
    sessions_with_order bigint,
    abandoned_carts bigint,
    total_searches bigint,
    failed_searches bigint
)
language plpgsql
stable
as $$
begin
    if p_granularity in ('daily', 'weekly', 'monthly') then
        return query
        select c.*
        from _chart_by_day(
            p_tenant_id, p_start_date, p_end_date,
            case p_granularity
                when 'daily' then 'day' when 'weekly' then 'week' else 'month'
            end,
            p_location_ids
        ) as c
        order by c.bucket;
        return;
    end if;
    return query
    select c.*
    from _chart_by_hour(
        p_tenant_id, p_start_date, p_end_date,
        case p_granularity when 'hourly' then 1 when '4hours' then 4 when '12hours' then 12 end,
        p_location_ids
    ) as c
    order by c.bucket;
end;
$$;
