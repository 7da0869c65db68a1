-- _branch_scope: the scope of the gap and hour tables that a choice of branches reads.
--
-- Definition  '*' for all branches (null), '=' and its id for the first of those named.
-- Called by   sql/functions/figures/_bucket_visitors.sql, sql/functions/figures/_count_repeat_visitors.sql,
--             sql/functions/figures/_count_visitors.sql, sql/functions/figures/_hour_sums.sql
create or replace function _branch_scope(p_location_ids text[])
returns text
language sql
immutable
as $$
    select case when p_location_ids is null then '*' else '=' || p_location_ids[1] end
$$;
