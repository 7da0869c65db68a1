-- _item_quantity: the quantity of an exported item; missing or zero is 1.
--
-- Definition  A negative quantity stays negative, and each caller interprets it: an order counts it
--             as is, a refund by its absolute value; an add becomes a removal.
-- Tenant      none
-- Called by   functions that read items_json; inlined there
create or replace function _item_quantity(p_item jsonb)
returns numeric
language sql
immutable
as $$
    select coalesce(nullif(_item_number(p_item -> 'quantity'), 0), 1)
$$;
