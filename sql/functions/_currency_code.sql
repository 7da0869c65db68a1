-- _currency_code: a currency as it is grouped by: upper case, '' when missing.
--
-- Called by   sql/functions/_derive_orders.sql, sql/functions/_fact_query.sql
create or replace function _currency_code(p_currency text)
returns text
language sql
immutable
as $$
    select coalesce(nullif(upper(btrim(p_currency)), '(NOT SET)'), '')
$$;
