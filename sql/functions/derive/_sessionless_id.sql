-- _sessionless_id: the id that stores a day's evidence without a session.
--
-- Definition  The day itself. A session's id contains a dot, so the two never collide.
-- Tenant      none
-- Called by   sql/functions/derive/_touch_sessionless.sql, sql/functions/derive/_evidence_query.sql
create or replace function _sessionless_id(p_event_date date)
returns text
language sql
immutable
as $$
    select to_char(p_event_date::timestamp, 'YYYY-MM-DD')
$$;
