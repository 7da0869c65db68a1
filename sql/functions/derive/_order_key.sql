-- _order_key: what makes two purchase events one order.
--
-- Definition  The transaction id without white space around it. For a missing one or a word for
--             nothing the session, the second and the revenue; without a session the subject
--             (contact, else company, else device) takes its place, and '-' where there is none.
--             A refund without a transaction id has a key of its own kind, so that it never meets
--             an order by chance. p_words as _nothing_words returns them.
-- Tenant      none
-- Called by   sql/functions/load/_replace_events.sql, sql/functions/words/_rekey_orders.sql
create or replace function _order_key(
    p_event_name text, p_transaction_id text, p_session_id text, p_subject text,
    p_event_ts timestamptz, p_revenue numeric, p_words text[]
)
returns text
language sql
stable
as $$
    select case
        when not _is_nothing(t.transaction_id, p_words) then 't:' || t.transaction_id
        else case p_event_name when 'refund' then 'r' else 'f' end
            || case when p_session_id is null and p_subject is not null then 's:' else ':' end
            || coalesce(p_session_id, p_subject, '-')
            || '|' || floor(extract(epoch from p_event_ts))::bigint
            || '|' || coalesce(p_revenue, 0)::numeric(24, 6)
    end
    from (
        select regexp_replace(
            coalesce(p_transaction_id, ''), '^[\s\u00a0]+|[\s\u00a0]+$', '', 'g'
        ) as transaction_id
    ) as t
$$;
