-- _run_orders: the orders of the customers in task_found in time order, into order_run, each with
-- the mean revenue up to it.
--
-- Definition  party is a company (k:) or a contact without one (c:). Orders in other currencies
--             count as orders but not in the mean; orders at the same instant count together.
--             Orders of excluded customers are left out.
-- Units       mean_revenue in the reporting currency, null before the first order in it.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_finish_tasks.sql
create or replace function _run_orders(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_currency text;
    v_excluded text[] := _excluded_customers(p_tenant_id);
begin
    select c.reporting_currency into v_currency
    from tenant_config as c
    where c.tenant_id = p_tenant_id;
    create temporary table order_run on commit drop as
    with parties as (
        select distinct 'k:' || f.company_id as party
        from task_found as f
        where f.company_id is not null
        union
        select 'c:' || f.contact_id
        from task_found as f
        where f.company_id is null and f.contact_id is not null
    ),
    orders as (
        select p.party, o.order_ts, o.order_key, o.currency, o.revenue
        from parties as p
        inner join shop_order as o on p.party = 'k:' || o.company_id
        where
            o.tenant_id = p_tenant_id
            and not _is_excluded(o.contact_id, o.company_id, v_excluded)
        union all
        select p.party, o.order_ts, o.order_key, o.currency, o.revenue
        from parties as p
        inner join shop_order as o on p.party = 'c:' || o.contact_id
        where
            o.tenant_id = p_tenant_id
            and not _is_excluded(o.contact_id, o.company_id, v_excluded)
    )
    select
        o.party, o.order_ts,
        avg(o.revenue) filter (where o.currency in ('', v_currency)) over (
            partition by o.party order by o.order_ts
        ) as mean_revenue
    from orders as o;
    create index on order_run (party, order_ts);
    analyze order_run;
end;
$$;
