-- _derive_refunds: the refunds of the touched keys, into refund_new.
--
-- Definition  The amount is the refund's value, else its items' price × quantity, else the rest of
--             the order. Amounts and quantities are absolute, because shops send either sign. Equal
--             refunds within one second count once. Refunds apply in time order and never exceed
--             the order's revenue. A refund of an unknown order is kept on its own until the order
--             arrives.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive.sql
create or replace function _derive_refunds(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    insert into refund_new
    select
        p_tenant_id, a.order_key, row_number() over (partition by a.order_key order by a.position),
        a.event_ts, a.event_date, a.branch_id, a.currency,
        round(
            least(a.asked_until, a.revenue) - least(a.asked_until - a.asked, a.revenue), 6
        ),
        a.is_attached, a.is_excluded
    from (
        select
            d.order_key, d.position, d.event_ts, d.event_date,
            coalesce(o.branch_id, d.branch_id) as branch_id,
            coalesce(nullif(d.currency, ''), o.currency, '') as currency,
            o.order_key is not null as is_attached,
            coalesce(o.is_excluded, d.is_excluded) as is_excluded,
            case when o.order_key is null then 'infinity' else o.revenue end as revenue,
            w.asked,
            sum(w.asked) over (partition by d.order_key order by d.position) as asked_until
        from (
            select distinct on (e.order_key, date_trunc('second', e.event_ts), amount)
                e.*,
                abs(coalesce(e.revenue, (
                    select sum(_item_number(i.item -> 'price') * abs(_item_quantity(i.item)))
                    from jsonb_array_elements(e.items_json) as i (item)
                ))) as amount
            from purchase_event as e
            where e.event_name = 'refund'
            order by e.order_key, date_trunc('second', e.event_ts), amount, e.position
        ) as d
        left join order_new as o on o.order_key = d.order_key
        cross join lateral (
            select greatest(
                coalesce(d.amount, case when o.order_key is null then 0 else o.revenue end), 0
            ) as asked
        ) as w
    ) as a;
    delete from refund_new as r where r.amount <= 0;
end;
$$;
