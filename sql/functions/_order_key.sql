-- _order_key: what makes two purchase events one order.
--
-- Definition  The transaction id without white space around it; for a missing or placeholder one
--             the session, the second and
--             the revenue ('-' as session without consent). A refund without a transaction id
--             has a key of its own kind, so that it never meets an order by chance.
-- Called by   sql/functions/_replace_events.sql
create or replace function _order_key(
    p_event_name text,
    p_transaction_id text,
    p_session_id text,
    p_event_ts timestamptz,
    p_revenue numeric
)
returns text
language sql
stable
as $$
    select case
        when lower(t.transaction_id) not in ('', '(not set)', 'null', '0')
            then 't:' || t.transaction_id
        else case p_event_name when 'refund' then 'r:' else 'f:' end
            || coalesce(p_session_id, '-')
            || '|' || floor(extract(epoch from p_event_ts))::bigint
            || '|' || coalesce(p_revenue, 0)::numeric(24, 6)
    end
    from (
        select regexp_replace(
            coalesce(p_transaction_id, ''), '^[\s\u00a0]+|[\s\u00a0]+$', '', 'g'
        ) as transaction_id
    ) as t
$$;
