-- _hour_marks: orders, refunds and carts of a range, each with its day and instant.
--
-- Definition  kind: order, refund, cart (abandoned, by its last activity).
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/_chart_by_hour.sql
create or replace function _hour_marks(
    p_tenant_id uuid,
    p_start_date date,
    p_end_date date,
    p_location_ids text[],
    p_as_of timestamptz
)
returns table (kind text, mark_date date, mark_ts timestamptz, currency text, amount numeric)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select 'order', o.order_date, o.order_ts, o.currency, o.revenue
    from shop_order as o
    where
        o.tenant_id = p_tenant_id and o.order_date between p_start_date and p_end_date
        and (p_location_ids is null or o.branch_id = any(p_location_ids))
    union all
    select 'refund', r.refund_date, r.refund_ts, r.currency, r.amount
    from refund as r
    where
        r.tenant_id = p_tenant_id and r.refund_date between p_start_date and p_end_date
        and (p_location_ids is null or r.branch_id = any(p_location_ids))
    union all
    select 'cart', h.last_date, h.last_at, null, null
    from chain as h
    where
        h.tenant_id = p_tenant_id and h.task_type = 'cart' and h.is_task
        and h.last_date between p_start_date and p_end_date and h.ready_at <= p_as_of
        and (p_location_ids is null or h.branch_id = any(p_location_ids));
end;
$$;
