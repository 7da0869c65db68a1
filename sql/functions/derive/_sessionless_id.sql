-- _sessionless_id: under which id the evidence of a day that has no session is kept.
--
-- Definition  The day itself. A session's id has a dot in it, so that the two never meet.
-- Tenant      none
-- Called by   sql/functions/derive/_touch_sessionless.sql, sql/functions/derive/_evidence_query.sql
create or replace function _sessionless_id(p_event_date date)
returns text
language sql
immutable
as $$
    select to_char(p_event_date::timestamp, 'YYYY-MM-DD')
$$;
