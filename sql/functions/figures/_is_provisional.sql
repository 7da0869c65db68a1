-- _is_provisional: whether Google may still rewrite a loaded day; otherwise it is settled.
--
-- Definition  A daily table is rewritten until 3 days after its day. A day from an intraday or fresh
--             table waits for its daily one until 5 days after its end: properties that only stream
--             never get one, and their days are settled from what there is.
-- Units       p_today is the property's day.
-- Tenant      none
-- Called by   whatever says or decides that a day may still change
create or replace function _is_provisional(p_source_kind text, p_event_date date, p_today date)
returns boolean
language sql
immutable
as $$
    select p_event_date >= p_today - case p_source_kind when 'daily' then 3 else 5 end
$$;
