-- _term_searches: what was searched for on these days at these branches, cookieless ones too.
--
-- Definition  One row per session, term, day, branch and customer, and one per cookieless search,
--             which has no session and no customer. Summed they are the dashboard's searches.
--             unconverted: the successful ones of sessions without an order.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/get_search_terms.sql and others about terms; inlined by the planner
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
        t.failed, t.is_first, t.is_first_failed, case when t.is_converted then 0 else t.found end,
        t.last_at
    from term_visit as t
    where
        t.tenant_id = p_tenant_id and t.event_date between p_start_date and p_end_date
        and (p_location_ids is null or t.branch_id = any(p_location_ids))
    union all
    select
        coalesce(v.term, ''), hashtextextended(coalesce(v.term, ''), 0), null, null, null,
        v.event_date, 1, 0, false, false, 0, v.event_ts
    from view_search_results as v
    where
        v.tenant_id = p_tenant_id and v.event_date between p_start_date and p_end_date
        and v.session_key is null
        and (p_location_ids is null or coalesce(v.branch_id, '') = any(p_location_ids))
    union all
    select
        coalesce(n.term, ''), hashtextextended(coalesce(n.term, ''), 0), null, null, null,
        n.event_date, 0, 1, false, false, 0, n.event_ts
    from no_search_results as n
    where
        n.tenant_id = p_tenant_id and n.event_date between p_start_date and p_end_date
        and n.session_key is null
        and (p_location_ids is null or coalesce(n.branch_id, '') = any(p_location_ids))
$$;
