-- _sold_items: what the orders of a range earned, per item and branch.
--
-- Definition  revenue is price × quantity (_item_quantity) over the lines of orders in the
--             reporting currency, including negative ones; lines without a price are left out. An
--             item is its id, else its name, with its latest name; all items with neither are one
--             unnamed item. place ranks a branch's items by revenue.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/figures/get_performance_tasks.sql
create or replace function _sold_items(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[]
)
returns table (
    branch_id text, item_id text, item_name text, quantity numeric, revenue numeric, place bigint
)
language plpgsql
stable
as $$
declare
    v_currency text := (
        select c.reporting_currency from tenant_config as c where c.tenant_id = p_tenant_id
    );
begin
    return query
    with lines as (
        select
            o.branch_id, o.order_ts, i.item ->> 'item_id' as item_id,
            i.item ->> 'item_name' as item_name,
            coalesce(_item_key(i.item), 'u:') as item_key, _item_quantity(i.item) as quantity,
            _item_number(i.item -> 'price') as price
        from shop_order as o
        cross join lateral jsonb_array_elements(
            case when jsonb_typeof(o.items_json) = 'array' then o.items_json else '[]' end
        ) as i (item)
        where
            o.tenant_id = p_tenant_id and o.order_date between p_start_date and p_end_date
            and o.currency in ('', v_currency) and not o.is_excluded
            and (p_location_ids is null or o.branch_id = any(p_location_ids))
    ),
    sums as (
        select
            l.branch_id, max(l.item_id) as item_id,
            (array_agg(l.item_name order by l.order_ts desc, l.item_name))[1] as item_name,
            l.item_key, sum(l.quantity) as quantity, sum(l.quantity * l.price) as revenue
        from lines as l
        where l.price is not null
        group by l.branch_id, l.item_key
    )
    select
        s.branch_id, s.item_id, s.item_name, s.quantity, s.revenue,
        row_number() over (partition by s.branch_id order by s.revenue desc, s.item_key)
    from sums as s;
end;
$$;
