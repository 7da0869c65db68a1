-- _term_searches: the searches of these days at these branches, including cookieless ones.
--
-- Definition  One row per session, term, day, branch and customer, and one per cookieless search,
--             which has no session and no customer. A customer's search without a session counts in
--             no session. Their sum is the dashboard's searches. unconverted: successful searches
--             of sessions without an order.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/terms/_term_rates.sql and other functions about terms; inlined by the
--             planner
create or replace function _term_searches(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[]
)
returns table (
    term text,
    term_key bigint,
    customer_key text,
    session_key bigint,
    session_id text,
    event_date date,
    found integer,
    failed integer,
    is_first boolean,
    is_first_failed boolean,
    unconverted integer,
    last_at timestamptz
)
language sql
stable
as $$
    select
        t.term, t.term_key, t.customer_key, t.session_key, t.session_id, t.event_date, t.found,
        t.failed, t.is_first, t.is_first_failed, case when t.is_converted or not t.has_session then 0 else t.found end,
        t.last_at
    from term_visit as t
    where
        t.tenant_id = p_tenant_id and t.event_date between p_start_date and p_end_date
        and (p_location_ids is null or t.branch_id = any(p_location_ids))
    union all
    select
        c.term, hashtextextended(c.term, 0), null, null, null, c.event_date, c.found, c.failed,
        false, false, 0, c.last_at
    from _cookieless_searches(p_tenant_id, p_start_date, p_end_date, p_location_ids) as c
$$;
