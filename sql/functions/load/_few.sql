-- _few: these keys if there are few, else null.
--
-- Definition  A nightly load touches a few thousand sessions out of many hundred thousand. _derive
--             avoids nested loops, so each join would read the tenant's whole table. With `(v_keys
--             is null or key = any(v_keys))` added to the join, the planner can read only the rows
--             of these keys if its statistics favour that. The keys must be a plan constant, hence
--             force_custom_plan in callers: only a constant array is hashed as a filter, and only
--             its length is known. Above this limit, planning costs more than it saves.
-- Tenant      none
-- Called by   the functions of _derive, before a statement that joins keys with a tenant's rows
create or replace function _few(p_keys anyarray)
returns anyarray
language sql
immutable
as $$
    select case when cardinality(p_keys) <= 20000 then p_keys end
$$;
