-- _order_key: the key that makes purchase events the same order.
--
-- Definition  The trimmed transaction id. If it is missing or a word for nothing: session, second
--             and revenue. Without a session, the subject (contact, else company, else device)
--             replaces the session, or '-' without a subject. A refund without a transaction id
--             gets a separate kind of key, so that it never matches an order by chance. p_words
--             comes from _nothing_words.
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
