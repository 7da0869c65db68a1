-- _chart_by_hour: the chart in buckets of p_hours on the clock of the property's zone.
--
-- Definition  A bucket belongs to its rows' event_date, so buckets add up to days even if the
--             configured zone is not the property's. Hours skipped by a clock change are absent.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/get_chart_data.sql
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
as $$
declare
    v_zone text;
begin
    select c.property_time_zone into v_zone
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
    return query
    with summed as (
        select s.*
        from _hour_sums(
            p_tenant_id, p_start_date, p_end_date, p_hours, p_location_ids, v_zone
        ) as s
    ),
    marked as (
        select m.*
        from _hour_marks(
            p_tenant_id, p_start_date, p_end_date, p_hours, p_location_ids, v_zone
        ) as m
    ),
    buckets as (
        select g.bucket
        from generate_series(
            p_start_date::timestamp, p_end_date + interval '23 hours', make_interval(hours => p_hours)
        ) as g (bucket)
        where p_hours > 1 or (g.bucket at time zone v_zone) at time zone v_zone = g.bucket
        union
        select s.bucket from summed as s
        union
        select m.bucket from marked as m
    )
    select
        b.bucket, coalesce(s.sessions, 0), coalesce(s.visitors, 0), coalesce(m.orders, 0),
        coalesce(m.revenue, 0), coalesce(m.refunds, 0), coalesce(s.sessions_with_order, 0),
        coalesce(m.abandoned_carts, 0), coalesce(s.searches, 0), coalesce(s.failed_searches, 0)
    from buckets as b
    left join summed as s on s.bucket = b.bucket
    left join marked as m on m.bucket = b.bucket;
end;
$$;
