-- _order_matches: whether an order is one that somebody searches for.
--
-- Definition  Its number begins with the words, or its company's name or number contains them.
--             Contacts are not searched: who may not see them could spell them out. p_companies:
--             the companies that match, see _companies_named.
-- Called by   sql/functions/figures/list_orders.sql, sum_orders.sql; inlined there
create or replace function _order_matches(
    p_query text, p_transaction_id text, p_company_id text, p_companies text[]
)
returns boolean
language sql
immutable
as $$
    select
        p_query is null
        or coalesce(starts_with(lower(p_transaction_id), lower(p_query)), false)
        or coalesce(p_company_id = any(p_companies), false)
$$;
