-- _hour_marks: orders, refunds and abandoned carts in buckets of p_hours on the property's clock.
--
-- Definition  Each counts on its own day and hour, a cart on those of its last activity. Empty
--             buckets are absent.
-- Units       money in the reporting currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/_chart_by_hour.sql
create or replace function _hour_marks(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_hours integer,
    p_location_ids text[], p_zone text
)
returns table (
    bucket timestamp, orders bigint, revenue numeric, refunds numeric, abandoned_carts bigint
)
language plpgsql
stable
as $$
declare
    v_loaded tstzmultirange := _loaded_time(p_tenant_id);
    v_currency text;
begin
    select c.reporting_currency into v_currency
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
    return query
    with marks as (
        select
            o.order_date as mark_date, date_part('hour', o.order_ts at time zone p_zone) as hour,
            count(*) as orders,
            sum(o.revenue) filter (where o.currency in ('', v_currency)) as revenue,
            null::numeric as refunds, 0 as carts
        from shop_order as o
        where
            o.tenant_id = p_tenant_id and o.order_date between p_start_date and p_end_date
            and not o.is_excluded
            and (p_location_ids is null or o.branch_id = any(p_location_ids))
        group by 1, 2
        union all
        select
            r.refund_date, date_part('hour', r.refund_ts at time zone p_zone), 0, null,
            sum(r.amount) filter (where r.currency in ('', v_currency)), 0
        from refund as r
        where
            r.tenant_id = p_tenant_id and r.refund_date between p_start_date and p_end_date
            and not r.is_excluded
            and (p_location_ids is null or r.branch_id = any(p_location_ids))
        group by 1, 2
        union all
        select
            h.last_date, date_part('hour', h.last_at at time zone p_zone), 0, null, null, count(*)
        from task as h
        where
            h.tenant_id = p_tenant_id and h.task_type = 'cart' and h.is_task
            and h.last_date between p_start_date and p_end_date
            and _is_judged('cart', h.last_at, h.ready_at, v_loaded)
            and (p_location_ids is null or h.branch_id = any(p_location_ids))
        group by 1, 2
    )
    select
        m.mark_date + make_interval(hours => m.hour::integer / p_hours * p_hours),
        sum(m.orders)::bigint, sum(m.revenue), sum(m.refunds), sum(m.carts)::bigint
    from marks as m
    group by 1;
end;
$$;
