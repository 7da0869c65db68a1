-- _ids_of: the ids of the customer keys of one kind ('k:' company, 'c:' contact, 'd:' device).
--
-- Called by   sql/functions/derive/_store_accounts.sql
create or replace function _ids_of(p_kind text, p_customer_keys text[])
returns text[]
language sql
immutable
as $$
    select array(
        select substr(k.customer_key, 3)
        from unnest(p_customer_keys) as k (customer_key)
        where left(k.customer_key, 2) = p_kind
    )
$$;
