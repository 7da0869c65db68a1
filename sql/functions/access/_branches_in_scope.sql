-- _branches_in_scope: the requested branches that are in the scope; null means every branch.
--
-- Called by   sql/functions/ that list and count tasks
create or replace function _branches_in_scope(p_location_ids text[], p_scope member_scope)
returns text[]
language sql
immutable
as $$
    select case
        when (p_scope).location_ids is null then p_location_ids
        when p_location_ids is null then (p_scope).location_ids
        else array(
            select a.location_id
            from unnest(p_location_ids) as a (location_id)
            where a.location_id = any((p_scope).location_ids)
        )
    end
$$;
