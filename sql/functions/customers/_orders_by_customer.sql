-- _orders_by_customer: the orders of a range of days with their customer's key.
--
-- Definition  The key is the company's, else the contact's, else the device's, as for tasks. Leaves
--             out cookieless orders, which have no key, and orders of excluded customers.
-- Units       net_revenue: less all refunds, in currency; '' is the reporting currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/tasks/_credited_orders.sql, get_recovered_revenue.sql
create or replace function _orders_by_customer(
    p_tenant_id uuid, p_start_date date, p_end_date date
)
returns table (
    order_key text, customer_key text, order_ts timestamptz, branch_id text, currency text,
    net_revenue numeric, items_json jsonb
)
language plpgsql
stable
as $$
declare
    v_excluded text[] := _excluded_customers(p_tenant_id);
begin
    return query
    select
        o.order_key,
        coalesce('k:' || o.company_id, 'c:' || o.contact_id, 'd:' || o.user_pseudo_id),
        o.order_ts, o.branch_id,
        case when o.currency = c.reporting_currency then '' else o.currency end,
        o.revenue - coalesce((
            select sum(f.amount)
            from refund as f
            where f.tenant_id = p_tenant_id and f.order_key = o.order_key and f.is_attached
        ), 0),
        case when jsonb_typeof(o.items_json) = 'array' then o.items_json else '[]' end
    from shop_order as o
    inner join tenant_config as c on c.tenant_id = o.tenant_id
    where
        o.tenant_id = p_tenant_id and o.order_date between p_start_date and p_end_date
        and coalesce(o.company_id, o.contact_id, o.user_pseudo_id) is not null
        and not _is_excluded(o.contact_id, o.company_id, v_excluded);
end;
$$;
