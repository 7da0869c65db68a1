-- get_dashboard_overview_stats: one row with the headline figures of a range.
--
-- Definition  docs/glossary.md, word for word; p_end_date is inclusive. p_location_ids null means
--             all branches; '' in it is "no branch".
-- Units       money in the reporting currency; carts in other currencies are only counted. There
--             are no rates: callers divide. other_currencies: an array of {currency, orders,
--             revenue, refunds}.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/dashboard/queries.py
create or replace function get_dashboard_overview_stats(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[] default null
)
returns table (
    sessions bigint,
    visitors bigint,
    orders bigint,
    revenue numeric,
    refunds numeric,
    currency text,
    other_currencies jsonb,
    sessions_with_order bigint,
    bounces bigint,
    page_views bigint,
    abandoned_carts bigint,
    abandoned_cart_value numeric,
    total_searches bigint,
    failed_searches bigint,
    repeat_visitors bigint,
    cookieless_events bigint,
    duplicate_orders bigint,
    orders_without_revenue bigint
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
    with days as (
        select
            sum(b.sessions) as sessions, sum(b.sessions_with_order) as sessions_with_order,
            sum(b.bounces) as bounces, sum(b.page_views) as page_views,
            sum(b.searches) as searches, sum(b.failed_searches) as failed_searches,
            sum(b.cookieless_events) as cookieless_events,
            sum(b.duplicate_orders) as duplicate_orders,
            sum(b.orders_without_revenue) as orders_without_revenue
        from branch_day as b
        where
            b.tenant_id = p_tenant_id and b.event_date between p_start_date and p_end_date
            and (p_location_ids is null or b.branch_id = any(p_location_ids))
    ),
    currencies as (
        select
            coalesce(nullif(m.currency, ''), v_currency) as code, sum(m.orders)::bigint as orders,
            sum(m.revenue) as revenue, sum(m.refunds) as refunds
        from branch_day_money as m
        where
            m.tenant_id = p_tenant_id and m.event_date between p_start_date and p_end_date
            and (p_location_ids is null or m.branch_id = any(p_location_ids))
        group by 1
    ),
    money as (
        select
            sum(c.orders) as orders,
            sum(c.revenue) filter (where c.code = v_currency) as revenue,
            sum(c.refunds) filter (where c.code = v_currency) as refunds,
            jsonb_agg(jsonb_build_object(
                'currency', c.code, 'orders', c.orders,
                'revenue', c.revenue, 'refunds', c.refunds
            ) order by c.code) filter (where c.code <> v_currency) as others
        from currencies as c
    ),
    carts as (
        select
            count(*) as carts,
            sum(h.value) filter (where h.currency in ('', v_currency)) as cart_value
        from task as h
        where
            h.tenant_id = p_tenant_id and h.task_type = 'cart' and h.is_task
            and h.last_date between p_start_date and p_end_date
            and _is_judged('cart', h.last_at, h.ready_at, v_loaded)
            and (p_location_ids is null or h.branch_id = any(p_location_ids))
    )
    select
        coalesce(d.sessions, 0)::bigint,
        _count_visitors(p_tenant_id, p_start_date, p_end_date, p_location_ids),
        coalesce(m.orders, 0)::bigint, coalesce(m.revenue, 0), coalesce(m.refunds, 0),
        v_currency, coalesce(m.others, '[]'), coalesce(d.sessions_with_order, 0)::bigint,
        coalesce(d.bounces, 0)::bigint, coalesce(d.page_views, 0)::bigint, k.carts,
        coalesce(k.cart_value, 0), coalesce(d.searches, 0)::bigint,
        coalesce(d.failed_searches, 0)::bigint,
        _count_repeat_visitors(p_tenant_id, p_start_date, p_end_date, p_location_ids),
        coalesce(d.cookieless_events, 0)::bigint, coalesce(d.duplicate_orders, 0)::bigint,
        coalesce(d.orders_without_revenue, 0)::bigint
    from days as d, money as m, carts as k;
end;
$$;
