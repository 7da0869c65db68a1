-- _event_subject: the subject of an event without a session: its contact (c:), else its company
-- (k:), else its device (d:); null if it has none.
--
-- Tenant      none
-- Called by   sql/functions/load/_replace_events.sql, sql/functions/words/_rekey_orders.sql
create or replace function _event_subject(p_user_id text, p_company_id text, p_user_pseudo_id text)
returns text
language sql
immutable
as $$
    select coalesce('c:' || p_user_id, 'k:' || p_company_id, 'd:' || p_user_pseudo_id)
$$;
