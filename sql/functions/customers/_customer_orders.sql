-- _customer_orders: all orders of one customer.
--
-- Definition  p_customer_key is 'k:' and a company, 'c:' and a contact, or 'd:' and a device
--             without a known contact or company. p_location_ids null means every branch.
-- Units       revenue is gross and refunded is the sum of refunds, both in the order's currency;
--             is_reporting: it is the tenant's reporting currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/ of customer pages
create or replace function _customer_orders(
    p_tenant_id uuid, p_customer_key text, p_location_ids text[] default null
)
returns table (
    order_key text, transaction_id text, order_ts timestamptz, session_id text, contact_id text,
    branch_id text, currency text, is_reporting boolean, revenue numeric, refunded numeric,
    items_json jsonb
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_kind text := left(p_customer_key, 2);
    v_id text := substr(p_customer_key, 3);
    v_currency text := (
        select c.reporting_currency from tenant_config as c where c.tenant_id = p_tenant_id
    );
begin
    return query
    select
        o.order_key, o.transaction_id, o.order_ts, o.session_id, o.contact_id, o.branch_id,
        o.currency, o.currency in ('', v_currency), o.revenue,
        coalesce((
            select sum(f.amount)
            from refund as f
            where
                f.tenant_id = p_tenant_id and f.order_key = o.order_key and f.is_attached
        ), 0),
        case when jsonb_typeof(o.items_json) = 'array' then o.items_json else '[]' end
    from shop_order as o
    where
        o.tenant_id = p_tenant_id
        and (p_location_ids is null or o.branch_id = any(p_location_ids))
        and (
            (v_kind = 'k:' and o.company_id = v_id)
            or (v_kind = 'c:' and o.contact_id = v_id)
            or (
                v_kind = 'd:' and o.user_pseudo_id = v_id
                and o.contact_id is null and o.company_id is null
            )
        );
end;
$$;
