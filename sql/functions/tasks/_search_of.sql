-- _search_of: which texts of tasks a member's search covers; see _searched_words.
--
-- Called by   sql/functions/tasks/_list_tasks.sql, _count_tasks.sql
create or replace function _search_of(p_scope member_scope)
returns text
language sql
immutable
as $$
    select case
        when (p_scope).is_masked is distinct from false then 'shown'
        when (p_scope).location_ids is null then 'all'
        else 'row'
    end
$$;
