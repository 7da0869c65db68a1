-- _is_few: whether so many keys are sought one by one in an index.
--
-- Definition  A nightly load touches some thousand sessions of a history of many hundred thousand.
--             _derive does without nested loops, so that a join reads the tenant's whole table;
--             `key = any(array(…))` beside the join reads the rows of these keys alone. For more
--             keys than this, as a first load has, reading the table is as quick.
-- Tenant      none
-- Called by   the functions of _derive, before a statement that joins few keys with a tenant's rows
create or replace function _is_few(p_keys bigint)
returns boolean
language sql
immutable
as $$
    select p_keys <= 20000
$$;
