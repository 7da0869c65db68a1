-- _customer_money: what one customer bought in the 12 months before p_now and in the 12 before
-- those.
--
-- Definition  net_revenue: orders less all their refunds. usual_gap_days: the median number of days
--             between consecutive orders of all time; null with fewer than two orders.
-- Units       money in the reporting currency; orders in other currencies are counted, not added.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/customers/get_customer.sql
create or replace function _customer_money(
    p_tenant_id uuid, p_customer_key text, p_location_ids text[], p_now timestamptz
)
returns table (
    net_revenue numeric, previous_revenue numeric, orders bigint, average_order numeric,
    last_order_at timestamptz, usual_gap_days double precision
)
language plpgsql
stable
as $$
declare
    v_year timestamptz := p_now - interval '12 months';
begin
    return query
    with bought as (
        select
            o.order_ts, o.is_reporting, o.revenue - o.refunded as paid,
            extract(epoch from o.order_ts - lag(o.order_ts) over (order by o.order_ts)) / 86400
                as gap_days
        from _customer_orders(p_tenant_id, p_customer_key, p_location_ids) as o
        where o.order_ts <= p_now
    )
    select
        sum(b.paid) filter (where b.is_reporting and b.order_ts > v_year),
        sum(b.paid) filter (
            where b.is_reporting and b.order_ts <= v_year
            and b.order_ts > v_year - interval '12 months'
        ),
        count(*) filter (where b.order_ts > v_year),
        avg(b.paid) filter (where b.is_reporting and b.order_ts > v_year),
        max(b.order_ts),
        percentile_cont(0.5) within group (order by b.gap_days::double precision)
    from bought as b;
end;
$$;
