-- _named_text: a text that names something, null if it is a word for nothing. p_words comes from
-- _nothing_words.
--
-- Tenant      none
-- Called by   sql/functions/words/_item_text.sql, _session_event_query.sql, get_order_visit.sql
create or replace function _named_text(p_text text, p_words text[])
returns text
language sql
immutable
as $$
    select case when not _is_nothing(p_text, p_words) then p_text end
$$;
