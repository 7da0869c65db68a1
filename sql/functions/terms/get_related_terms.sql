-- get_related_terms: other terms searched by the same sessions, or similar to one term.
--
-- Definition  kind similar: terms of the range with a trigram similarity of at least 0.3, most
--             similar first. kind next: terms that sessions searched for after this one, most
--             sessions first; sessions counts those. found and failed are searches in the whole
--             range. At most p_limit of each kind; never the term itself nor ''.
-- Units       likeness from 0 to 1; p_end_date is inclusive.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/tasks/terms/queries.py
create or replace function get_related_terms(
    p_tenant_id uuid, p_start_date date, p_end_date date, p_location_ids text[], p_term text,
    p_limit integer default 6
)
returns table (
    kind text, term text, likeness real, sessions bigint, found bigint, failed bigint
)
language plpgsql
stable
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    with sums as (
        select s.term, sum(s.found) as found, sum(s.failed) as failed
        from _term_searches(p_tenant_id, p_start_date, p_end_date, p_location_ids) as s
        where s.term not in ('', p_term)
        group by s.term
    ),
    firsts as (
        select s.session_key, s.session_id, min(f.position) as position
        from _term_searches(p_tenant_id, p_start_date, p_end_date, p_location_ids) as s
        inner join fact as f
            on f.session_key = s.session_key and f.session_id = s.session_id
        where
            s.term_key = hashtextextended(p_term, 0) and s.term = p_term
            and f.tenant_id = p_tenant_id and f.task_type = 'search'
            and f.has_session and coalesce(f.term, '') = p_term
        group by s.session_key, s.session_id
    ),
    afterwards as (
        select f.term, count(distinct (f.session_key, f.session_id)) as sessions
        from firsts as p
        inner join fact as f
            on
                f.session_key = p.session_key and f.session_id = p.session_id
                and f.position > p.position
        where
            f.tenant_id = p_tenant_id and f.task_type = 'search' and f.term <> p_term
            and (p_location_ids is null or f.branch_id = any(p_location_ids))
        group by f.term
    ),
    alike as (
        select u.term, extension.similarity(u.term, p_term) as likeness
        from sums as u
    )
    (
        select
            'similar', u.term, a.likeness, coalesce(n.sessions, 0), u.found::bigint,
            u.failed::bigint
        from alike as a
        inner join sums as u on u.term = a.term
        left join afterwards as n on n.term = a.term
        where a.likeness >= 0.3
        order by a.likeness desc, u.term
        limit p_limit
    )
    union all
    (
        select
            'next', n.term, extension.similarity(n.term, p_term), n.sessions,
            coalesce(u.found, 0)::bigint, coalesce(u.failed, 0)::bigint
        from afterwards as n
        left join sums as u on u.term = n.term
        order by n.sessions desc, n.term
        limit p_limit
    );
end;
$$;
