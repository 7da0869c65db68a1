-- _customer_items: one row per item that a customer has ever ordered.
--
-- Definition  An item is its id, else its name; all items with neither are one unnamed item. times:
--             orders that contain it. Negative quantities, as in a credit note, are subtracted.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/customers/get_customer_products.sql
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
        coalesce(_item_key(i.item), 'u:'), max(i.item ->> 'item_id'),
        max(i.item ->> 'item_name'), count(distinct o.order_key), sum(_item_quantity(i.item)),
        max(o.order_ts)
    from _customer_orders(p_tenant_id, p_customer_key, p_location_ids) as o
    cross join jsonb_array_elements(o.items_json) as i (item)
    group by 1;
end;
$$;
