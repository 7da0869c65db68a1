-- _item_text: a text of an exported item, null if it is a word for nothing. p_words comes from
-- _nothing_words.
--
-- Tenant      none
-- Called by   sql/functions/derive/_fact_query.sql, _visit_query.sql, _name_items.sql
create or replace function _item_text(p_item jsonb, p_field text, p_words text[])
returns text
language sql
immutable
as $$
    select _named_text(p_item ->> p_field, p_words)
$$;
