-- get_customer_summaries: one row per customer with their orders of the last 12 months.
--
-- Definition  In the order of p_customer_keys; covers all branches. Customers that p_scope does not
--             show whole have no row.
-- Units       net_revenue in the reporting currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/queue/queries.py
create or replace function get_customer_summaries(
    p_tenant_id uuid, p_scope member_scope, p_customer_keys text[],
    p_now timestamptz default now()
)
returns table (
    customer_key text, net_revenue numeric, orders bigint, last_order_at timestamptz
)
language plpgsql
stable
as $$
declare
    v_whole text[] := _whole_customers(p_tenant_id, p_scope, p_customer_keys);
begin
    return query
    select k.customer_key, coalesce(b.net_revenue, 0), b.orders, b.last_order_at
    from unnest(p_customer_keys) with ordinality as k (customer_key, place)
    cross join lateral (
        select
            sum(o.revenue - o.refunded) filter (
                where o.is_reporting and o.order_ts > p_now - interval '12 months'
            ) as net_revenue,
            count(*) filter (where o.order_ts > p_now - interval '12 months') as orders,
            max(o.order_ts) as last_order_at
        from _customer_orders(p_tenant_id, k.customer_key) as o
    ) as b
    where k.customer_key = any(v_whole)
    order by k.place;
end;
$$;
