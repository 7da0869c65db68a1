-- _chart_by_day: the chart in buckets of whole days; p_unit is day, week or month.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/get_chart_data.sql
create or replace function _chart_by_day(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_unit text, p_location_ids text[]
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
    v_loaded tstzmultirange := _loaded_time(p_tenant_id);
begin
    return query
    with buckets as (
        select distinct date_trunc(p_unit, g.day) as bucket
        from generate_series(p_start_date::timestamp, p_end_date, interval '1 day') as g (day)
    ),
    days as (
        select
            date_trunc(p_unit, b.event_date::timestamp) as bucket, sum(b.sessions) as sessions,
            sum(b.sessions_with_order) as with_order, sum(b.searches) as searches,
            sum(b.failed_searches) as failed
        from branch_day as b
        where
            b.tenant_id = p_tenant_id and b.event_date between p_start_date and p_end_date
            and (p_location_ids is null or b.branch_id = any(p_location_ids))
        group by 1
    ),
    money as (
        select
            date_trunc(p_unit, m.event_date::timestamp) as bucket, sum(m.orders) as orders,
            sum(m.revenue) filter (where m.currency in ('', c.reporting_currency)) as revenue,
            sum(m.refunds) filter (where m.currency in ('', c.reporting_currency)) as refunds
        from branch_day_money as m
        inner join tenant_config as c on c.tenant_id = m.tenant_id
        where
            m.tenant_id = p_tenant_id and m.event_date between p_start_date and p_end_date
            and (p_location_ids is null or m.branch_id = any(p_location_ids))
        group by 1
    ),
    carts as (
        select date_trunc(p_unit, k.last_date::timestamp) as bucket, sum(k.carts)::bigint as carts
        from (
            select h.last_date, count(*) as carts
            from task as h
            where
                h.tenant_id = p_tenant_id and h.task_type = 'cart' and h.is_task
                and h.last_date between p_start_date and p_end_date
                and _is_judged('cart', h.last_at, h.ready_at, v_loaded)
                and (p_location_ids is null or h.branch_id = any(p_location_ids))
            group by h.last_date
        ) as k
        group by 1
    )
    select
        b.bucket, coalesce(d.sessions, 0)::bigint,
        coalesce(v.visitors, 0),
        coalesce(m.orders, 0)::bigint, coalesce(m.revenue, 0), coalesce(m.refunds, 0),
        coalesce(d.with_order, 0)::bigint, coalesce(k.carts, 0), coalesce(d.searches, 0)::bigint,
        coalesce(d.failed, 0)::bigint
    from buckets as b
    left join days as d on d.bucket = b.bucket
    left join money as m on m.bucket = b.bucket
    left join carts as k on k.bucket = b.bucket
    left join _bucket_visitors(
        p_tenant_id, p_start_date, p_end_date, p_unit, p_location_ids
    ) as v on v.bucket = b.bucket;
end;
$$;
