-- _item_key: the key that distinguishes the items of an event: id, else name; null without both.
--
-- Definition  The item comes from an order or is already named (_name_items): its words for nothing
--             are null.
-- Tenant      none
-- Called by   functions that read items_json; inlined there
create or replace function _item_key(p_item jsonb)
returns text
language sql
immutable
as $$
    select coalesce('i:' || (p_item ->> 'item_id'), 'n:' || (p_item ->> 'item_name'))
$$;
