-- _cookieless_searches: searches without a session, contact, company and device.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/terms/_term_sums.sql, _term_searches.sql; inlined by the planner
create or replace function _cookieless_searches(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[]
)
returns table (
    term text, event_date date, found integer, failed integer, last_at timestamptz
)
language sql
stable
as $$
    select coalesce(v.term, ''), v.event_date, 1, 0, v.event_ts
    from view_search_results as v
    where
        v.tenant_id = p_tenant_id and v.event_date between p_start_date and p_end_date
        and v.session_key is null
        and coalesce(v.user_id, v.company_id, v.user_pseudo_id) is null
        and (p_location_ids is null or coalesce(v.branch_id, '') = any(p_location_ids))
    union all
    select coalesce(n.term, ''), n.event_date, 0, 1, n.event_ts
    from no_search_results as n
    where
        n.tenant_id = p_tenant_id and n.event_date between p_start_date and p_end_date
        and n.session_key is null
        and coalesce(n.user_id, n.company_id, n.user_pseudo_id) is null
        and (p_location_ids is null or coalesce(n.branch_id, '') = any(p_location_ids))
$$;
