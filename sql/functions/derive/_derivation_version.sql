-- _derivation_version: the version of the definitions these functions use to derive rows.
--
-- Definition  Increase it whenever stored rows would come out differently. A tenant derived with a
--             lower version is derived again in full, by a job started after the deployment or by
--             its next load, whichever comes first.
-- Tenant      none
-- Called by   sql/functions/derive/_touch_everything.sql, app/ingest/store/definitions.py
create or replace function _derivation_version()
returns integer
language sql
immutable
as $$
    select 3
$$;
