-- _term_sums: the number of searches per term, including cookieless ones.
--
-- Definition  See get_search_terms. Grouped before the union, which saves one pass over the many
--             visits.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/terms/get_search_terms.sql; inlined by the planner
create or replace function _term_sums(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[], p_query text,
    p_term text
)
returns table (
    term text, failed bigint, found bigint, failed_sessions bigint, sessions bigint,
    unconverted bigint, last_at timestamptz
)
language sql
stable
as $$
    select
        u.term, sum(u.failed)::bigint, sum(u.found)::bigint, sum(u.failed_sessions)::bigint,
        sum(u.sessions)::bigint, sum(u.unconverted)::bigint, max(u.last_at)
    from (
        select
            t.term, sum(t.failed) as failed, sum(t.found) as found,
            count(*) filter (where t.is_first_failed) as failed_sessions,
            count(*) filter (where t.is_first) as sessions,
            coalesce(sum(t.found) filter (where t.has_session and not t.is_converted), 0) as unconverted,
            max(t.last_at) as last_at
        from term_visit as t
        where
            t.tenant_id = p_tenant_id and t.event_date between p_start_date and p_end_date
            and (p_location_ids is null or t.branch_id = any(p_location_ids))
            and (p_query is null or strpos(t.term, lower(p_query)) > 0)
            and (p_term is null or t.term_key = hashtextextended(p_term, 0) and t.term = p_term)
        group by t.term
        union all
        select c.term, sum(c.failed), sum(c.found), 0, 0, 0, max(c.last_at)
        from _cookieless_searches(p_tenant_id, p_start_date, p_end_date, p_location_ids) as c
        where
            (p_query is null or strpos(c.term, lower(p_query)) > 0)
            and (p_term is null or c.term = p_term)
        group by c.term
    ) as u
    group by u.term
$$;
