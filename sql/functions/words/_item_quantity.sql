-- _item_quantity: how many pieces an exported item is about; a missing or zero quantity is 1.
--
-- Definition  A negative quantity stays negative: each caller says what it means. Of an order it
--             counts as it is, of a refund by its absolute value; an add becomes a removal.
-- Tenant      none
-- Called by   functions that read items_json; inlined there
create or replace function _item_quantity(p_item jsonb)
returns numeric
language sql
immutable
as $$
    select coalesce(nullif(_item_number(p_item -> 'quantity'), 0), 1)
$$;
