-- get_term_items: items bought by people who searched for one term, most orders first.
--
-- Definition  Items of the orders in _term_orders, by id, else by name; all items with neither are
--             one unnamed item. revenue is price × quantity of orders in the reporting currency,
--             including negative ones; null if no line has a price.
-- Units       revenue in the reporting currency; p_end_date is inclusive, orders may come later.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/terms/queries.py
create or replace function get_term_items(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[], p_term text,
    p_limit integer default 6
)
returns table (item_id text, item_name text, orders bigint, quantity numeric, revenue numeric)
language plpgsql
stable
as $$
begin
    return query
    with lines as (
        select
            o.order_key, o.order_ts, i.item ->> 'item_id' as item_id,
            i.item ->> 'item_name' as item_name,
            coalesce(_item_key(i.item), 'u:') as item_key, _item_quantity(i.item) as quantity,
            case
                when o.currency in ('', c.reporting_currency)
                    then _item_number(i.item -> 'price')
            end as price
        from _term_orders(p_tenant_id, p_start_date, p_end_date, p_location_ids, p_term) as w
        inner join shop_order as o on o.order_key = w.order_key
        inner join tenant_config as c on c.tenant_id = o.tenant_id
        cross join lateral jsonb_array_elements(
            case when jsonb_typeof(o.items_json) = 'array' then o.items_json else '[]' end
        ) as i (item)
        where o.tenant_id = p_tenant_id
    )
    select
        max(l.item_id), (array_agg(l.item_name order by l.order_ts desc, l.item_name))[1],
        count(distinct l.order_key), sum(l.quantity),
        sum(l.quantity * l.price)
    from lines as l
    group by l.item_key
    order by 3 desc, 5 desc nulls last, l.item_key
    limit p_limit;
end;
$$;
