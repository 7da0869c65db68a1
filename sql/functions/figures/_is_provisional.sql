-- _is_provisional: whether Google may still rewrite a loaded day; otherwise it is settled.
--
-- Definition  A daily table may be rewritten until 3 days after its day. A day from an intraday or
--             fresh table waits for its daily table until 5 days after its end; streaming-only
--             properties never get one, so their days then settle without it.
-- Units       p_today is the property's day.
-- Tenant      none
-- Called by   every function that shows or decides whether a day may still change
create or replace function _is_provisional(p_source_kind text, p_event_date date, p_today date)
returns boolean
language sql
immutable
as $$
    select p_event_date >= p_today - case p_source_kind when 'daily' then 3 else 5 end
$$;
