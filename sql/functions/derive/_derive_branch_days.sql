-- _derive_branch_days: the additive sums of the touched days, including unknown branches.
--
-- Definition  Sessions count on the day of their first event, everything else on its own day.
--             Branches always add up to the total. Hidden customers are left out.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql
create or replace function _derive_branch_days(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    analyze touched_day;
    delete from branch_day as b using touched_day as d
    where b.tenant_id = p_tenant_id and b.event_date = d.event_date;
    execute _branch_day_query()
    using
        p_tenant_id,
        (select min(d.event_date) from touched_day as d),
        (select max(d.event_date) from touched_day as d);
    delete from branch_day_money as b using touched_day as d
    where b.tenant_id = p_tenant_id and b.event_date = d.event_date;
    insert into branch_day_money
    select
        p_tenant_id, m.event_date, m.branch_id, m.currency, sum(m.orders), sum(m.revenue),
        sum(m.refunds)
    from (
        select
            o.order_date as event_date, o.branch_id, o.currency, 1 as orders, o.revenue,
            0 as refunds
        from shop_order as o
        inner join touched_day as d on o.order_date = d.event_date
        where
            o.tenant_id = p_tenant_id
            and o.order_date between (select min(t.event_date) from touched_day as t)
            and (select max(t.event_date) from touched_day as t)
            and not o.is_excluded
        union all
        select r.refund_date, r.branch_id, r.currency, 0, 0, r.amount
        from refund as r
        inner join touched_day as d on r.refund_date = d.event_date
        where r.tenant_id = p_tenant_id and not r.is_excluded
    ) as m
    group by m.event_date, m.branch_id, m.currency;
end;
$$;
