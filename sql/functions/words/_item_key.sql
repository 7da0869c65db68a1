-- _item_key: what tells the items of an event apart: its id, else its name; null without both.
--
-- Definition  The item is one of an order or already named (_name_items): words for nothing are
--             null in it.
-- Tenant      none
-- Called by   functions that read items_json; inlined there
create or replace function _item_key(p_item jsonb)
returns text
language sql
immutable
as $$
    select coalesce('i:' || (p_item ->> 'item_id'), 'n:' || (p_item ->> 'item_name'))
$$;
