-- _chart_by_hour: the chart in buckets of p_hours on the clock of the property's zone.
--
-- Definition  A bucket lies on its rows' event_date, so that buckets add up to days also when
--             the zone set differs from the property's. Hours a clock change skips are absent.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/get_chart_data.sql
create or replace function _chart_by_hour(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_hours integer, p_location_ids text[]
)
returns table (
    bucket timestamp, sessions bigint, visitors bigint, orders bigint, revenue numeric,
    refunds numeric, sessions_with_order bigint, abandoned_carts bigint, total_searches bigint,
    failed_searches bigint
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_as_of timestamptz := _loaded_until(p_tenant_id);
    v_zone text;
    v_currency text;
begin
    select c.property_time_zone, c.reporting_currency into v_zone, v_currency
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
    return query
    with marks as (
        select s.*, o.session_id is not null as has_order
        from _hour_marks(p_tenant_id, p_start_date, p_end_date, p_location_ids, v_as_of) as s
        left join (
            select distinct w.session_key, w.session_id
            from shop_order as w
            where w.tenant_id = p_tenant_id and w.session_id is not null
        ) as o
            on
                s.kind = 'session'
                and o.session_key = s.session_key and o.session_id = s.session_id
    ),
    placed as (
        select
            m.mark_date + make_interval(
                hours => extract(hour from m.mark_ts at time zone v_zone)::integer
                / p_hours * p_hours
            ) as bucket, m.*
        from marks as m
    ),
    buckets as (
        select g.bucket
        from generate_series(
            p_start_date::timestamp, p_end_date + interval '23 hours', make_interval(hours => p_hours)
        ) as g (bucket)
        where p_hours > 1 or (g.bucket at time zone v_zone) at time zone v_zone = g.bucket
        union
        select p.bucket from placed as p
    )
    select
        b.bucket, count(*) filter (where p.kind = 'session'),
        count(distinct p.visitor_id) filter (where p.kind = 'session'),
        count(*) filter (where p.kind = 'order'),
        coalesce(sum(p.amount) filter (
            where p.kind = 'order' and p.currency in ('', v_currency)
        ), 0),
        coalesce(sum(p.amount) filter (
            where p.kind = 'refund' and p.currency in ('', v_currency)
        ), 0),
        count(*) filter (where p.has_order), count(*) filter (where p.kind = 'cart'),
        count(*) filter (where p.kind in ('search', 'failed_search')),
        count(*) filter (where p.kind = 'failed_search')
    from buckets as b
    left join placed as p on p.bucket = b.bucket
    group by b.bucket;
end;
$$;
