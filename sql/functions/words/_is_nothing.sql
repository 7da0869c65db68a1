-- _is_nothing: whether a text is a word for nothing or an unresolved template.
--
-- Definition  p_words comes from _nothing_words. A template is a text entirely enclosed in double
--             braces, in percent signs, or in a dollar sign and braces. Null is nothing.
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
