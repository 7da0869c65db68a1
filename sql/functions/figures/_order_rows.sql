-- _order_rows: the orders and refunds that net revenue consists of, a row for each.
--
-- Definition  Orders by their own day, refunds by theirs; both under their own branch. Hidden
--             customers are left out, as everywhere in figures. p_location_ids null is all branches.
-- Units       amount: an order's revenue, or what was refunded as a negative number, in currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/list_orders.sql, sum_orders.sql; inlined there
create or replace function _order_rows(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[]
)
returns table (
    kind text, order_key text, number integer, transaction_id text, placed_at timestamptz,
    placed_date date, branch_id text, currency text, amount numeric, session_id text,
    contact_id text, company_id text, user_pseudo_id text, items_json jsonb
)
language sql
stable
as $$
    select
        'order', o.order_key, 0, o.transaction_id, o.order_ts, o.order_date, o.branch_id,
        o.currency, o.revenue, o.session_id, o.contact_id, o.company_id, o.user_pseudo_id,
        o.items_json
    from shop_order as o
    where
        o.tenant_id = p_tenant_id and o.order_date between p_start_date and p_end_date
        and not o.is_excluded
        and (p_location_ids is null or o.branch_id = any(p_location_ids))
    union all
    select
        'refund', r.order_key, r.refund_number, o.transaction_id, r.refund_ts, r.refund_date,
        r.branch_id, r.currency, -r.amount, o.session_id, o.contact_id, o.company_id,
        o.user_pseudo_id, o.items_json
    from refund as r
    left join shop_order as o
        on o.tenant_id = r.tenant_id and o.order_key = r.order_key
        and (p_location_ids is null or o.branch_id = any(p_location_ids))
    where
        r.tenant_id = p_tenant_id and r.refund_date between p_start_date and p_end_date
        and not r.is_excluded
        and (p_location_ids is null or r.branch_id = any(p_location_ids))
$$;
