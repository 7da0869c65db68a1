-- _bought_by_customer: the orders of each company, and of each contact without one.
--
-- Definition  net_revenue and orders cover the 12 months before p_now.
-- Units       net_revenue in the reporting currency; orders in other currencies are counted, not
--             added.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/customers/list_customers.sql
create or replace function _bought_by_customer(p_tenant_id uuid, p_now timestamptz)
returns table (
    customer_key text, net_revenue numeric, orders bigint, last_order_at timestamptz
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_currency text := (
        select c.reporting_currency from tenant_config as c where c.tenant_id = p_tenant_id
    );
begin
    return query
    with refunded as (
        select f.order_key, sum(f.amount) as amount
        from refund as f
        where f.tenant_id = p_tenant_id and f.is_attached
        group by f.order_key
    )
    select
        coalesce('k:' || o.company_id, 'c:' || o.contact_id),
        sum(o.revenue - coalesce(f.amount, 0)) filter (
            where o.order_ts > p_now - interval '12 months' and o.currency in ('', v_currency)
        ),
        count(*) filter (where o.order_ts > p_now - interval '12 months'),
        max(o.order_ts)
    from shop_order as o
    left join refunded as f on f.order_key = o.order_key
    where o.tenant_id = p_tenant_id and coalesce(o.company_id, o.contact_id) is not null
    group by 1;
end;
$$;
