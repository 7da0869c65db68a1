-- _is_nothing: whether a text is a word for nothing or an unresolved template.
--
-- Definition  p_words as _nothing_words returns them. A template is a text that as a whole is
--             in double braces, in percent signs, or a dollar and braces. A null is nothing.
-- Tenant      none
-- Called by   sql/functions/derive/_order_key.sql, sql/functions/words/_currency_code.sql
create or replace function _is_nothing(p_text text, p_words text[])
returns boolean
language sql
immutable
as $$
    select coalesce(
        lower(btrim(p_text, E' \t\r\n\u00a0')) = any(p_words)
        or btrim(p_text, E' \t\r\n\u00a0') ~ '^(\{\{.*\}\}|%.+%|\$\{.*\})$',
        true
    )
$$;
