-- get_customer: one customer as one row, or no row if it is unknown.
--
-- Definition  A customer is known if p_scope shows it in the customer file or shows an order,
--             session or task of it. is_whole: everything is shown. account_owner: the one most of
--             the company's contacts name, null unless is_whole. net_revenue: orders of the last 12
--             months less their refunds; previous_revenue: the 12 months before. usual_gap_days:
--             the median number of days between consecutive orders. open_cart: carts with an open
--             task. visits: sessions of the last 30 days.
-- Units       money in the reporting currency; orders in other currencies are counted, not added.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/customers/queries.py
create or replace function get_customer(
    p_tenant_id uuid, p_scope member_scope, p_customer_key text,
    p_now timestamptz default now()
)
returns table (
    customer_key text, customer_name text, company_id text, account_owner text, net_revenue numeric,
    previous_revenue numeric, orders bigint, average_order numeric, last_order_at timestamptz,
    usual_gap_days double precision, visits bigint, last_seen_at timestamptz, open_cart numeric,
    open_tasks bigint, is_whole boolean
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
declare
    v_kind text := left(p_customer_key, 2);
    v_id text := substr(p_customer_key, 3);
    v_location_ids text[] := _shown_branches(p_tenant_id, p_scope, p_customer_key);
begin
    return query
    with people as (
        select u.name, u.buying_company_erp_id, u.buying_company_name, u.account_owner, u.branch_id
        from users as u
        where
            u.tenant_id = p_tenant_id
            and (
                (v_kind = 'k:' and u.buying_company_erp_id = v_id)
                or (v_kind = 'c:' and u.user_id = v_id)
            )
    ),
    seen as (
        select
            count(*) filter (where s.first_ts > p_now - interval '30 days') as visits,
            max(s.last_ts) as last_seen_at
        from _customer_sessions(p_tenant_id, p_customer_key, v_location_ids) as s
    ),
    work as (
        select
            count(*) as tasks,
            count(*) filter (where t.state in ('open', 'in_progress')) as open_tasks,
            sum(t.value) filter (
                where t.task_type = 'cart' and t.state in ('open', 'in_progress', 'snoozed')
            ) as open_cart
        from _customer_tasks(p_tenant_id, p_customer_key, v_location_ids, p_now) as t
    ),
    file as (
        select
            count(*) filter (
                where v_location_ids is null or p.branch_id = any(v_location_ids)
            ) as people,
            min(p.buying_company_erp_id) as company_id,
            mode() within group (order by p.account_owner) as account_owner,
            case v_kind when 'k:' then min(nullif(p.buying_company_name, ''))
                else min(nullif(p.name, '')) end as name
        from people as p
    )
    select
        p_customer_key, f.name, f.company_id,
        case when v_location_ids is null then f.account_owner end, coalesce(m.net_revenue, 0),
        coalesce(m.previous_revenue, 0), m.orders, m.average_order, m.last_order_at,
        m.usual_gap_days, s.visits, s.last_seen_at, w.open_cart, w.open_tasks,
        v_location_ids is null
    from file as f
    cross join _customer_money(p_tenant_id, p_customer_key, v_location_ids, p_now) as m
    cross join seen as s
    cross join work as w
    where
        f.people > 0 or m.last_order_at is not null or s.last_seen_at is not null or w.tasks > 0;
end;
$$;
