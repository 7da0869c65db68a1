-- sum_orders: what the rows of list_orders add up to, on all pages.
--
-- Definition  Counted from orders and refunds themselves, not from the sums of days: equal to
--             get_dashboard_overview_stats under the same filters.
-- Units       revenue and refunds in the reporting currency; other_currencies as in
--             get_dashboard_overview_stats. orders and refund_count are of every currency.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/dashboard/orders/queries.py
create or replace function sum_orders(
    p_tenant_id uuid, p_scope member_scope, p_start_date date, p_end_date date,
    p_location_ids text[], p_query text
)
returns table (
    orders bigint, refund_count bigint, revenue numeric, refunds numeric, currency text,
    other_currencies jsonb
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_branches text[] := _branches_in_scope(p_location_ids, p_scope);
    v_companies text[] := _companies_named(p_tenant_id, p_query);
    v_currency text := (
        select c.reporting_currency from tenant_config as c where c.tenant_id = p_tenant_id
    );
begin
    return query
    with sums as (
        select
            coalesce(nullif(r.currency, ''), v_currency) as code,
            count(*) filter (where r.kind = 'order') as orders,
            count(*) filter (where r.kind = 'refund') as refund_count,
            coalesce(sum(r.amount) filter (where r.kind = 'order'), 0) as revenue,
            coalesce(-sum(r.amount) filter (where r.kind = 'refund'), 0) as refunds
        from _order_rows(p_tenant_id, p_start_date, p_end_date, v_branches) as r
        where _order_matches(p_query, r.transaction_id, r.company_id, v_companies)
        group by 1
    )
    select
        coalesce(sum(s.orders), 0)::bigint, coalesce(sum(s.refund_count), 0)::bigint,
        coalesce(sum(s.revenue) filter (where s.code = v_currency), 0),
        coalesce(sum(s.refunds) filter (where s.code = v_currency), 0), v_currency,
        coalesce(jsonb_agg(jsonb_build_object(
            'currency', s.code, 'orders', s.orders, 'revenue', s.revenue, 'refunds', s.refunds
        ) order by s.code) filter (where s.code <> v_currency), '[]')
    from sums as s;
end;
$$;
