-- _item_key: what tells the items of an event apart: its id, else its name; null without both.
--
-- Definition  A word for nothing in either is taken out when the row is loaded.
-- Tenant      none
-- Called by   functions that read items_json; inlined there
create or replace function _item_key(p_item jsonb)
returns text
language sql
immutable
as $$
    select coalesce('i:' || (p_item ->> 'item_id'), 'n:' || (p_item ->> 'item_name'))
$$;
