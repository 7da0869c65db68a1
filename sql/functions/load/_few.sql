-- _few: these keys if they are few, else null.
--
-- Definition  A nightly load touches some thousand sessions of a history of many hundred thousand,
--             and _derive does without nested loops, so that each join would read the tenant's
--             whole table. `(v_keys is null or key = any(v_keys))` beside the join lets the planner
--             read the rows of these keys alone where its statistics say that this is less. The
--             keys have to be a constant of the plan, hence force_custom_plan where this is used:
--             only a constant array is hashed when it filters, and only its length is known.
--             Planning costs more than it saves where there are more keys than this.
-- Tenant      none
-- Called by   the functions of _derive, before a statement that joins keys with a tenant's rows
create or replace function _few(p_keys anyarray)
returns anyarray
language sql
immutable
as $$
    select case when cardinality(p_keys) <= 20000 then p_keys end
$$;
