-- get_location_stats_bulk: one row per branch; they add up to the overview tiles.
--
-- Definition  As in get_dashboard_overview_stats, per branch. Active branches without figures are
--             rows of zeros. location_id '' is "no branch"; name is null for branches missing from
--             the customer file. Visitors are distinct within a branch only.
-- Units       money in the reporting currency; sparkline is net revenue per day of the range.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/dashboard/queries.py
create or replace function get_location_stats_bulk(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[] default null
)
returns table (
    location_id text,
    name text,
    is_active boolean,
    sessions bigint,
    visitors bigint,
    orders bigint,
    orders_in_currency bigint,
    revenue numeric,
    refunds numeric,
    sessions_with_order bigint,
    abandoned_carts bigint,
    total_searches bigint,
    failed_searches bigint,
    sparkline numeric[]
)
language plpgsql
stable
as $$
declare
    v_currency text;
    v_loaded tstzmultirange := _loaded_time(p_tenant_id);
begin
    select c.reporting_currency into v_currency
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
    return query
    with sums as (
        select b.*
        from _branch_sums(p_tenant_id, p_start_date, p_end_date, v_loaded) as b
    ),
    daily_money as (
        select
            m.branch_id, m.event_date, sum(m.orders) as orders,
            sum(m.orders) filter (where m.currency in ('', v_currency)) as orders_in_currency,
            coalesce(sum(m.revenue) filter (where m.currency in ('', v_currency)), 0) as revenue,
            coalesce(sum(m.refunds) filter (where m.currency in ('', v_currency)), 0) as refunds
        from branch_day_money as m
        where m.tenant_id = p_tenant_id and m.event_date between p_start_date and p_end_date
        group by m.branch_id, m.event_date
    ),
    money as (
        select
            m.branch_id, sum(m.orders) as orders, sum(m.orders_in_currency) as orders_in_currency,
            sum(m.revenue) as revenue, sum(m.refunds) as refunds
        from daily_money as m
        group by m.branch_id
    ),
    branches as (
        select l.location_id as branch_id from locations as l
        where l.tenant_id = p_tenant_id and l.is_active
        union select s.branch_id from sums as s
        union select m.branch_id from money as m
    )
    select
        b.branch_id, l.name, l.is_active, coalesce(s.sessions, 0),
        coalesce(s.visitors, 0), coalesce(m.orders, 0)::bigint,
        coalesce(m.orders_in_currency, 0)::bigint, coalesce(m.revenue, 0),
        coalesce(m.refunds, 0), coalesce(s.sessions_with_order, 0),
        coalesce(s.abandoned_carts, 0), coalesce(s.searches, 0),
        coalesce(s.failed_searches, 0),
        array(
            select coalesce(t.revenue - t.refunds, 0)
            from generate_series(p_start_date, p_end_date, interval '1 day') as g (day)
            left join daily_money as t on t.branch_id = b.branch_id and t.event_date = g.day::date
            order by g.day
        )
    from branches as b
    left join locations as l on l.tenant_id = p_tenant_id and l.location_id = b.branch_id
    left join sums as s on s.branch_id = b.branch_id
    left join money as m on m.branch_id = b.branch_id
    where p_location_ids is null or b.branch_id = any(p_location_ids)
    order by coalesce(m.revenue, 0) - coalesce(m.refunds, 0) desc, b.branch_id;
end;
$$;
