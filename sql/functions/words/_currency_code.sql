-- _currency_code: a currency for grouping: upper case, '' if missing or a word for nothing. p_words
-- comes from _nothing_words.
--
-- Tenant      none
-- Called by   sql/functions/derive/_derive_orders.sql, _evidence_query.sql, _visit_query.sql
create or replace function _currency_code(p_currency text, p_words text[])
returns text
language sql
immutable
as $$
    select case when _is_nothing(p_currency, p_words) then '' else upper(btrim(p_currency)) end
$$;
