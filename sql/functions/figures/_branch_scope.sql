-- _branch_scope: the scope in the gap and hour tables for a choice of branches.
--
-- Definition  '*' for all branches (null), else '=' and the id of the first one.
-- Called by   sql/functions/figures/_bucket_visitors.sql,
--             sql/functions/figures/_count_repeat_visitors.sql,
--             sql/functions/figures/_count_visitors.sql, sql/functions/figures/_hour_sums.sql
create or replace function _branch_scope(p_location_ids text[])
returns text
language sql
immutable
as $$
    select case when p_location_ids is null then '*' else '=' || p_location_ids[1] end
$$;
