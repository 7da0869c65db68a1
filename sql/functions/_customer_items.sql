-- _customer_items: the items that one customer ordered at any time, a row each.
--
-- Definition  An item is its id, else its name. times: orders it is in.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/get_customer_products.sql
create or replace function _customer_items(
    p_tenant_id uuid, p_customer_key text, p_location_ids text[]
)
returns table (
    item_key text, item_id text, item_name text, times bigint, quantity numeric,
    last_at timestamptz
)
language plpgsql
stable
as $$
begin
    return query
    select
        coalesce(i.item ->> 'item_id', i.item ->> 'item_name'), max(i.item ->> 'item_id'),
        max(i.item ->> 'item_name'), count(distinct o.order_key),
        sum(coalesce(nullif(_item_number(i.item -> 'quantity'), 0), 1)), max(o.order_ts)
    from _customer_orders(p_tenant_id, p_customer_key, p_location_ids) as o
    cross join jsonb_array_elements(o.items_json) as i (item)
    where coalesce(i.item ->> 'item_id', i.item ->> 'item_name') is not null
    group by 1;
end;
$$;
