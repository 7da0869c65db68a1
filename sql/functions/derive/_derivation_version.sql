-- _derivation_version: the version of the definitions that these functions derive rows by.
--
-- Definition  It goes up whenever stored rows would come out otherwise. A tenant whose rows were
--             derived by a lower one is derived again as a whole, by a job that starts after the
--             deployment or by its next load, whichever comes first.
-- Tenant      none
-- Called by   sql/functions/derive/_touch_everything.sql, app/ingest/store/definitions.py
create or replace function _derivation_version()
returns integer
language sql
immutable
as $$
    select 3
$$;
