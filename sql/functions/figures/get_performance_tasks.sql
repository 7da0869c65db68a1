-- get_performance_tasks: each branch's figures, best net revenue first; these are not follow-ups.
--
-- Definition  As get_location_stats_bulk, plus: carted_orders are sessions that began in the range
--             with cart events and an order; cart abandonment is abandoned_carts ÷ (abandoned_carts
--             + carted_orders). top_items: the p_items items with the most revenue, price ×
--             quantity over the lines of the range's orders in the reporting currency, from
--             _sold_items: [{item_id, item_name, quantity, revenue}].
-- Units       money in the reporting currency; p_end_date is inclusive.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/performance/queries.py
create or replace function get_performance_tasks(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[] default null,
    p_items integer default 3
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
    carted_orders bigint,
    top_items jsonb
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    with carted as (
        select s.branch_id, count(*) as carted_orders
        from (
            select distinct o.session_key, o.session_id
            from shop_order as o
            where
                o.tenant_id = p_tenant_id and o.order_date >= p_start_date
                and o.session_id is not null
        ) as w
        inner join session as s
            on s.session_key = w.session_key and s.session_id = w.session_id
        where
            s.tenant_id = p_tenant_id and s.cart_events > 0 and s.visitor_id is not null
            and s.session_date between p_start_date and p_end_date
        group by s.branch_id
    ),
    items as (
        select i.branch_id, jsonb_agg(jsonb_build_object(
            'item_id', i.item_id, 'item_name', i.item_name, 'quantity', i.quantity,
            'revenue', i.revenue
        ) order by i.place) as top_items
        from _sold_items(p_tenant_id, p_start_date, p_end_date, p_location_ids) as i
        where p_items > 0 and i.place <= p_items
        group by i.branch_id
    )
    select
        b.location_id, b.name, b.is_active, b.sessions, b.visitors, b.orders,
        b.orders_in_currency, b.revenue, b.refunds, b.sessions_with_order, b.abandoned_carts,
        coalesce(c.carted_orders, 0), coalesce(i.top_items, '[]')
    from get_location_stats_bulk(p_tenant_id, p_start_date, p_end_date, p_location_ids) as b
    left join carted as c on c.branch_id = b.location_id
    left join items as i on i.branch_id = b.location_id
    order by b.revenue - b.refunds desc, b.location_id;
end;
$$;
