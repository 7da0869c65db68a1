-- _name_items: _named_items for a single order, for callers that read few.
--
-- Tenant      none
-- Called by   sql/functions/customers/get_session_history.sql
create or replace function _name_items(p_items jsonb, p_words text[])
returns jsonb
language sql
immutable
as $$
    select n.items from _named_items(p_items, p_words) as n
$$;
