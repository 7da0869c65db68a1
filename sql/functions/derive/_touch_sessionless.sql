-- _touch_sessionless: add the events without a session on these days to touched_session.
--
-- Definition  They are derived by day, as if a day were one session, and count in no session
--             figure.
-- Tenant      none: a temporary table of this transaction.
-- Called by   sql/functions/load/_replace_events.sql, _rename_ids.sql, _touch_everything.sql,
--             _touch_hidden.sql
create or replace function _touch_sessionless(p_days date[])
returns void
language plpgsql
as $$
begin
    insert into touched_session
    select distinct d.event_date - date '2000-01-01', _sessionless_id(d.event_date)
    from unnest(p_days) as d (event_date)
    on conflict do nothing;
end;
$$;
